// @ts-check
/** Counters in plain language, group by group. What is zero and seldom anything else is not shown. */

import { cloneTemplate, part, setAttribute, setHidden, setText } from './dom.js';
import { Metric } from './metric.js';

/**
 * @typedef {import('./counters.js').Counter} Counter
 * @typedef {import('./counters.js').CounterGroup} CounterGroup
 * @typedef {import('./types.js').Stats} Stats
 *
 * @typedef {object} Line
 * @property {HTMLElement} element
 * @property {Counter} counter
 * @property {Metric | null} metric of a fault
 */

export class CounterGroups {
  #root;
  /** @type {{element: HTMLElement, lines: Line[]}[]} */
  #sections;

  /**
   * @param {HTMLElement} root
   * @param {CounterGroup[]} groups
   */
  constructor(root, groups) {
    this.#root = root;
    this.#sections = groups.map((group) => this.#addSection(group));
  }

  /** @param {Stats} stats */
  show(stats) {
    for (const { element, lines } of this.#sections) {
      for (const line of lines) this.#showLine(line, stats[line.counter.name]);
      setHidden(element, lines.every((line) => line.element.hidden));
    }
  }

  /** Once a second: lets the marks of growth fade. */
  tick() {
    for (const { lines } of this.#sections) for (const { metric } of lines) metric?.tick();
  }

  /** @param {CounterGroup} group */
  #addSection({ title, counters }) {
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
    this.#root.append(element);
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
