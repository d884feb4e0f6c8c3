// @ts-check
/** A few amounts of one kind as bars below each other, the longest one the full width. */

import { cloneTemplate, part, setAttribute, setText } from './dom.js';
import { formatExact } from './format.js';

/** @typedef {{name: string, label: string, count: number}} Bar */

export class BarList {
  #root;
  /** @type {Map<string, HTMLElement>} by name */
  #bars = new Map();

  /** @param {HTMLElement} root a <dl> */
  constructor(root) {
    this.#root = root;
  }

  /** @param {Bar[]} bars */
  show(bars) {
    const most = Math.max(1, ...bars.map(({ count }) => count));
    for (const { name, label, count } of bars) {
      const bar = this.#bars.get(name) ?? this.#add(name, label);
      setText(part(bar, 'value'), formatExact(count));
      setAttribute(bar, 'data-level', count > 0 ? 'some' : 'none');
      // By the object model: the content security policy allows no style attribute.
      part(bar, 'bar').style.setProperty('--percent', ((100 * count) / most).toFixed(1));
    }
  }

  /**
   * @param {string} name
   * @param {string} label
   */
  #add(name, label) {
    const bar = cloneTemplate('bar-template');
    setText(part(bar, 'label'), label);
    bar.title = name;
    this.#bars.set(name, bar);
    this.#root.append(bar);
    return bar;
  }
}
