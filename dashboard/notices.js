// @ts-check
/** Messages about what went wrong outside a dialog. They stay until dismissed. */

import { cloneTemplate, find, part, setText } from './dom.js';

const MOST_SHOWN = 4;

export class Notices {
  #root = find(document, '#notices', HTMLElement);

  /** @param {string} message */
  show(message) {
    const notice = cloneTemplate('notice-template');
    setText(part(notice, 'text'), message);
    find(notice, 'button', HTMLButtonElement).addEventListener('click', () => notice.remove());
    this.#root.append(notice);
    while (this.#root.childElementCount > MOST_SHOWN) this.#root.firstElementChild?.remove();
  }
}
