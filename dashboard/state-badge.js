// @ts-check
/** A state: icon, word and tone, in an element that has the parts "icon" and "word". */

import { part, setAttribute, setText } from './dom.js';
import { setIcon } from './icons.js';

export class StateBadge {
  #element;
  #icon;
  #word;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
    this.#icon = part(element, 'icon');
    this.#word = part(element, 'word');
  }

  /** @param {import('./condition.js').Condition} condition */
  show({ word, icon, tone }) {
    setAttribute(this.#element, 'data-tone', tone);
    setIcon(this.#icon, icon);
    setText(this.#word, word);
  }
}
