// @ts-check
/**
 * A counter of faults: pale while it is zero, plain once it is not, and marked with ▲ while it grows,
 * so that what is happening now stands out from what happened last week.
 */

import { find, setAttribute, setText } from './dom.js';
import { formatCount, formatExact } from './format.js';

const GROWING_MS = 10_000;

export class Metric {
  #element;
  #value;
  #help;
  /** @type {number | undefined} */
  #count;
  #grownAt = -Infinity;

  /**
   * @param {HTMLElement} element
   * @param {string} help what is counted
   */
  constructor(element, help) {
    this.#element = element;
    this.#value = find(element, '.value', HTMLElement);
    this.#help = help;
  }

  /**
   * @param {number | undefined} count
   * @param {string} [detail] more for the tooltip
   */
  show(count, detail = '') {
    if (count !== undefined && this.#count !== undefined && count > this.#count) {
      this.#grownAt = performance.now();
    }
    this.#count = count;
    setText(this.#value, formatCount(count));
    setAttribute(this.#element, 'title', `${this.#help}: ${formatExact(count)}${detail}`);
    this.tick();
  }

  /** Lets the mark of growth fade; call it now and then. */
  tick() {
    let level = this.#count ? 'some' : 'none';
    if (performance.now() - this.#grownAt < GROWING_MS) level = 'growing';
    setAttribute(this.#element, 'data-level', level);
  }
}
