// @ts-check
/** One output: a line below its channel. */

import { listens, outputCondition, warningWord } from './condition.js';
import { cloneTemplate, find, part, setAttribute, setHidden, setText } from './dom.js';
import { formatBitrate, formatBytes, formatCountdown, formatDateTime, formatDuration, formatPlural } from './format.js';
import { setIcon } from './icons.js';
import { Metric } from './metric.js';
import { OutputDetail } from './output-detail.js';
import { StateBadge } from './state-badge.js';

/** @typedef {import('./types.js').Output} Output */

export class OutputRow {
  element = cloneTemplate('output-template');
  #state = part(this.element, 'state');
  #badge = new StateBadge(this.#state);
  #name = part(this.element, 'name');
  #address = part(this.element, 'address');
  #bitrate = part(this.element, 'bitrate');
  #sent = part(this.element, 'sent');
  #note = part(this.element, 'note');
  #error = part(this.element, 'error');
  #remark = part(this.element, 'remark');
  #warning = part(this.element, 'warning');
  #lack = part(this.element, 'lack');
  #toggleIcon = part(this.element, 'toggle-icon');
  #toggleWord = part(this.element, 'toggle-word');
  #toggle = find(this.element, '[data-action="toggle-output"]', HTMLButtonElement);
  #edit = find(this.element, '[data-action="edit-output"]', HTMLButtonElement);
  #account = find(this.element, '[data-action="account-output"]', HTMLButtonElement);
  #delete = find(this.element, '[data-action="delete-output"]', HTMLButtonElement);
  #lost = new Metric(part(this.element, 'lost'), 'TS packets missed because the output was late');
  #dropped = new Metric(part(this.element, 'dropped'), 'Did not get through at first: packets that the peer reported missing (SRT), access units dropped (RTMP), datagrams that the kernel refused (UDP, RTP)');
  #reconnects = new Metric(part(this.element, 'reconnects'), 'Connections made after the first');
  /** @type {Output | null} */
  #output = null;
  #retryAt = 0;
  /** While it is open. @type {OutputDetail | null} */
  detail = null;

  /** @param {Output} output */
  constructor(output) {
    this.element.dataset.output = output.id;
    this.show(output);
  }

  /** @param {Output} output */
  show(output) {
    if (output === this.#output) return;
    this.#output = output;
    this.#retryAt = performance.now() + output.retry_in_ms;
    const condition = outputCondition(output);
    this.#badge.show(condition);
    setText(this.#name, output.name);
    setAttribute(this.#name, 'title', output.name);
    setText(this.#address, output.url);
    setAttribute(this.#address, 'title', output.url);
    const active = output.state !== 'stopped';
    setText(this.#bitrate, formatBitrate(active ? output.stats.bitrate_bps : undefined));
    setText(this.#sent, formatBytes(active || output.stats.bytes_sent ? output.stats.bytes_sent : undefined));
    this.#lost.show(output.stats.packets_lost);
    const { frames_dropped = 0, pktSndLossTotal = 0, send_errors = 0 } = output.stats;
    this.#dropped.show(frames_dropped + pktSndLossTotal + send_errors);
    this.#reconnects.show(output.stats.reconnects ?? output.reconnects);
    this.#showError(output, condition.tone === 'good');
    this.#showRemark(output);
    this.#showToggle(output);
    this.detail?.show(output);
    this.tick();
  }

  /**
   * An error that is over is kept in the tooltip and in the dialog, out of the way.
   * @param {Output} output
   * @param {boolean} healthy
   */
  #showError(output, healthy) {
    const error = output.last_error ?? '';
    setText(this.#error, error);
    setHidden(this.#error, healthy || error === '');
    setAttribute(this.#state, 'title', error === '' ? '' : `Last error: ${error}`);
  }

  /** What somebody should know of an output that works. @param {Output} output */
  #showRemark(output) {
    const { note = '', warning = '' } = output;
    setText(this.#warning, warning ? warningWord(output) : '');
    setAttribute(this.#warning, 'title', warning ?? '');
    setHidden(this.#warning, !warning);
    setText(this.#lack, note ?? '');
    setHidden(this.#remark, !note && !warning);
  }

  /** @param {Output} output */
  #showToggle(output) {
    setIcon(this.#toggleIcon, output.enabled ? 'stop' : 'play');
    setText(this.#toggleWord, output.enabled ? 'Disable' : 'Enable');
    setAttribute(this.#toggle, 'aria-label', `${output.enabled ? 'Disable' : 'Enable'} output ${output.name}`);
    setAttribute(this.#toggle, 'title', output.enabled ? 'Disable output' : 'Enable output');
    setAttribute(this.#account, 'aria-label', `Details of output ${output.name}`);
    setAttribute(this.#edit, 'aria-label', `Edit output ${output.name}`);
    setAttribute(this.#delete, 'aria-label', `Delete output ${output.name}`);
  }

  /**
   * Open the details, or close them; whoever calls puts them in their place.
   * @param {import('./output-detail.js').LoadFn} load
   */
  toggleDetail(load) {
    if (this.detail) {
      this.closeDetail();
    } else if (this.#output) {
      this.detail = new OutputDetail(this.#output, load);
      setAttribute(this.#account, 'aria-expanded', 'true');
    }
  }

  closeDetail() {
    this.detail?.element.remove();
    this.detail = null;
    setAttribute(this.#account, 'aria-expanded', 'false');
  }

  /** Once a second: what depends on the clock alone. */
  tick() {
    const output = this.#output;
    if (!output) return;
    let note = '';
    let title = '';
    if (output.state === 'connected' && output.connected_at) {
      const since = new Date(output.connected_at);
      note = listens(output) ? formatPlural(output.reader_count ?? 0, 'reader') : formatDuration(Date.now() - since.getTime());
      title = `Connected since ${formatDateTime(since)}`;
    } else if (output.state === 'connecting' && listens(output)) {
      note = 'no readers';
    } else if (output.state === 'retrying') {
      const left = this.#retryAt - performance.now();
      note = left > 0 ? `retry in ${formatCountdown(left)}` : 'retrying now';
    }
    setText(this.#note, note);
    setAttribute(this.#note, 'title', title);
    this.#lost.tick();
    this.#dropped.tick();
    this.#reconnects.tick();
    this.detail?.tick();
  }
}
