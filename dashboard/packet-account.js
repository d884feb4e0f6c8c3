// @ts-check
/** Where the packets of a channel went: its counters in plain language, group by group. */

import { BarList } from './bar-list.js';
import { COUNTER_GROUPS, arrivalRanges, unknownCounters } from './counters.js';
import { cloneTemplate, part, setAttribute, setHidden, setText } from './dom.js';
import { formatExact } from './format.js';
import { Metric } from './metric.js';

/**
 * @typedef {import('./types.js').Channel} Channel
 * @typedef {import('./counters.js').Counter} Counter
 *
 * @typedef {object} Line
 * @property {HTMLElement} element
 * @property {Counter} counter
 * @property {Metric | null} metric of a fault
 */

/** @param {Channel} channel */
function matrixText({ desired, fec, stats }) {
  const { fec_columns: columns, fec_rows: rows } = stats;
  if (!columns) return fec === 'auto' && desired === 'running' ? 'FEC is on, but none comes.' : '';
  // Without column FEC there are no rows.
  if (!rows) return `FEC of ${formatExact(columns)} columns, for rows alone.`;
  return `FEC matrix: ${formatExact(columns)} columns × ${formatExact(rows)} rows.`;
}

/** @param {Channel} channel */
function missedText({ outputs }) {
  const missed = outputs.filter(({ stats }) => stats.packets_lost > 0);
  return missed.map(({ name, stats }) => (
    `Output ${name} fell behind and missed ${formatExact(stats.packets_lost)} TS packets.`)).join(' ');
}

export class PacketAccount {
  element = cloneTemplate('account-template');
  #groups = part(this.element, 'groups');
  #matrix = part(this.element, 'matrix');
  #missed = part(this.element, 'missed');
  #arrival = part(this.element, 'arrival');
  #bars = new BarList(part(this.element, 'bars'));
  /** @type {{element: HTMLElement, lines: Line[]}[]} */
  #sections;
  /** Counters that the page does not know. @type {{element: HTMLElement, lines: Line[]}} */
  #others;

  /** @param {Channel} channel */
  constructor(channel) {
    this.#sections = COUNTER_GROUPS.map(({ title, counters }) => this.#addSection(title, counters));
    this.#others = this.#addSection('Other', unknownCounters(channel.stats));
    this.show(channel);
  }

  /** @param {Channel} channel */
  show(channel) {
    for (const section of [...this.#sections, this.#others]) {
      for (const line of section.lines) this.#showLine(line, channel.stats[line.counter.name]);
      setHidden(section.element, section.lines.every(({ element }) => element.hidden));
    }
    const ranges = arrivalRanges(channel.stats);
    this.#bars.show(ranges);
    setHidden(this.#arrival, ranges.every(({ count }) => count === 0));
    for (const [element, text] of /** @type {const} */ ([
      [this.#matrix, matrixText(channel)], [this.#missed, missedText(channel)],
    ])) {
      setText(element, text);
      setHidden(element, text === '');
    }
  }

  /** Once a second: lets the marks of growth fade. */
  tick() {
    for (const { lines } of this.#sections) for (const { metric } of lines) metric?.tick();
  }

  /**
   * @param {string} title
   * @param {Counter[]} counters
   */
  #addSection(title, counters) {
    const element = cloneTemplate('account-group-template');
    setText(part(element, 'title'), title);
    const list = part(element, 'lines');
    const lines = counters.map((counter) => {
      const line = cloneTemplate('account-line-template');
      setText(part(line, 'label'), counter.label);
      line.title = counter.name;
      list.append(line);
      return { element: line, counter, metric: counter.kind === 'fault' ? new Metric(line, counter.name) : null };
    });
    this.#groups.append(element);
    return { element, lines };
  }

  /**
   * @param {Line} line
   * @param {number | undefined} value undefined: the server does not count it
   */
  #showLine({ element, counter, metric }, value) {
    setHidden(element, value === undefined || (value === 0 && !counter.always));
    if (value === undefined) return;
    if (metric) {
      metric.show(value);
      return;
    }
    setText(part(element, 'value'), counter.format(value));
    setAttribute(element, 'data-level', value > 0 ? 'some' : 'none');
  }
}
