// @ts-check
/**
 * One output in detail: its last ten minutes, who reads from it, and its counters in plain language. The
 * counters come with the channel; history and readers are asked for as long as this is open and in sight.
 */

import { isSrt, listens } from './condition.js';
import { CounterGroups } from './counter-groups.js';
import { cloneTemplate, find, part, setAttribute, setHidden, setText } from './dom.js';
import { formatBitrate, formatDateTime, formatExact, formatLatency, formatMilliseconds } from './format.js';
import { HistoryChart } from './history-chart.js';
import { OUTPUT_COUNTER_GROUPS, unknownOutputCounters } from './output-counters.js';
import { ReaderTable } from './reader-table.js';
import { ServerError } from './server.js';

/**
 * @typedef {import('./types.js').Output} Output
 * @typedef {import('./types.js').OutputDetails} OutputDetails
 * @typedef {() => Promise<OutputDetails>} LoadFn
 */

const POLL_MS = 3_000;

/** @param {Output} output */
function sinceText({ stats_since }) {
  return stats_since
    ? `Counted since the reset of ${formatDateTime(new Date(stats_since))}.`
    : 'Counted since the output was started.';
}

export class OutputDetail {
  element = cloneTemplate('output-detail-template');
  #title = part(this.element, 'title');
  #since = part(this.element, 'since');
  #error = part(this.element, 'last-error');
  #warning = part(this.element, 'warning');
  #lack = part(this.element, 'lack');
  #trouble = part(this.element, 'trouble');
  #history = part(this.element, 'history');
  #readers = part(this.element, 'readers');
  #reset = find(this.element, '[data-action="reset-output"]', HTMLButtonElement);
  #table = new ReaderTable(this.#readers);
  #groups;
  #load;
  /** Of SRT alone. */
  #srtCharts = [
    new HistoryChart({ title: 'Round trip', of: ({ msRTT }) => msRTT, format: formatLatency }),
    new HistoryChart({ title: 'Send buffer', of: ({ msSndBuf }) => msSndBuf, format: formatMilliseconds }),
    new HistoryChart({ title: 'Sent again, packets/s', of: ({ pktRetrans }) => pktRetrans, format: formatExact }),
  ];
  #charts = [...this.#srtCharts, new HistoryChart({ title: 'Bit rate', of: ({ bitrate_bps }) => bitrate_bps, format: formatBitrate })];

  /**
   * @param {Output} output
   * @param {LoadFn} load
   */
  constructor(output, load) {
    this.#load = load;
    this.element.dataset.output = output.id;
    this.#groups = new CounterGroups(part(this.element, 'groups'),
      [...OUTPUT_COUNTER_GROUPS, { title: 'Other', counters: unknownOutputCounters(output.stats) }]);
    const charts = part(this.element, 'charts');
    charts.append(...this.#charts.map(({ element }) => element));
    charts.addEventListener('pointermove', (event) => this.#point(event));
    charts.addEventListener('pointerleave', () => this.#charts.forEach((chart) => chart.point(null)));
    this.show(output);
    this.#poll();
  }

  /** @param {Output} output */
  show(output) {
    setText(this.#title, `Output ${output.name}`);
    setText(this.#since, sinceText(output));
    setAttribute(this.#reset, 'aria-label', `Reset the counters of ${output.name}`);
    setHidden(this.#reset, output.state === 'stopped');
    setText(this.#error, `Last error: ${output.last_error ?? ''}`);
    setHidden(this.#error, !output.last_error);
    setText(this.#warning, output.warning ?? '');
    setHidden(this.#warning, !output.warning);
    setText(this.#lack, output.note ?? '');
    setHidden(this.#lack, !output.note);
    setHidden(this.#readers, !listens(output));
    for (const chart of this.#srtCharts) chart.hidden = !isSrt(output);
    this.#groups.show(output.stats);
  }

  /** Once a second: what depends on the clock alone. */
  tick() {
    this.#groups.tick();
  }

  /** Ends by itself once the element is taken off the page. */
  async #poll() {
    await this.#refresh();
    setTimeout(() => {
      if (this.element.isConnected) this.#poll();
    }, POLL_MS);
  }

  async #refresh() {
    // Before it is on the page it is asked for as well: that is the first time.
    if (document.hidden || (this.element.isConnected && !this.element.checkVisibility())) return;
    let text = '';
    try {
      this.#showLoaded(await this.#load());
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      text = ['not_found', 'method_not_allowed'].includes(error.code) ? 'This server keeps no history of outputs.' : error.message;
    }
    setText(this.#trouble, text);
    setHidden(this.#trouble, text === '');
  }

  /** @param {OutputDetails} details */
  #showLoaded({ output, history }) {
    const now = history.now ? Date.parse(history.now) : Date.now();
    for (const chart of this.#charts) chart.show(history.samples, now);
    setHidden(this.#history, history.samples.length === 0);
    this.#table.show(output.readers ?? []);
  }

  /** All charts read the same moment. @param {PointerEvent} event */
  #point({ target, clientX }) {
    const svg = target instanceof Element ? target.closest('.chart')?.querySelector('svg') : null;
    if (!svg) return;
    const { left, width } = svg.getBoundingClientRect();
    const fraction = Math.min(1, Math.max(0, (clientX - left) / width));
    for (const chart of this.#charts) chart.point(fraction);
  }
}
