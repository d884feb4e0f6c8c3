// @ts-check
/** Where the packets of a channel went: its counters in plain language, group by group. */

import { BarList } from './bar-list.js';
import { CounterGroups } from './counter-groups.js';
import { COUNTER_GROUPS, arrivalRanges, unknownCounters } from './counters.js';
import { cloneTemplate, part, setHidden, setText } from './dom.js';
import { formatExact } from './format.js';

/** @typedef {import('./types.js').Channel} Channel */

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
  #matrix = part(this.element, 'matrix');
  #missed = part(this.element, 'missed');
  #arrival = part(this.element, 'arrival');
  #bars = new BarList(part(this.element, 'bars'));
  #groups;

  /** @param {Channel} channel */
  constructor(channel) {
    this.#groups = new CounterGroups(part(this.element, 'groups'),
      [...COUNTER_GROUPS, { title: 'Other', counters: unknownCounters(channel.stats) }]);
    this.show(channel);
  }

  /** @param {Channel} channel */
  show(channel) {
    this.#groups.show(channel.stats);
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
    this.#groups.tick();
  }
}
