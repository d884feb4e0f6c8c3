// @ts-check
/** Chooses which channels are on show, and says how many there are and how many need attention. */

import { find, part, setAttribute, setText } from './dom.js';
import { formatExact, formatPlural } from './format.js';
import { setIcon } from './icons.js';

const FOLDED_KEY = 'outputs-hidden';

/** Whether this viewer hid the outputs last time; a browser that stores nothing shows them. */
function recallFolded() {
  try {
    return localStorage.getItem(FOLDED_KEY) === 'yes';
  } catch {
    return false;
  }
}

/** @param {boolean} folded */
function rememberFolded(folded) {
  try {
    localStorage.setItem(FOLDED_KEY, folded ? 'yes' : 'no');
  } catch {
    // Storage is forbidden or full: the choice lasts as long as the page.
  }
}

/** Fires "filter" when .filter changed and "fold" when .folded did. */
export class FilterBar extends EventTarget {
  #form;
  #text;
  #state;
  #problems;
  #fold;

  /** @param {HTMLFormElement} form */
  constructor(form) {
    super();
    this.#form = form;
    this.#text = find(form, 'input[name="text"]', HTMLInputElement);
    this.#state = find(form, 'select', HTMLSelectElement);
    this.#problems = part(form, 'problems');
    this.#fold = part(form, 'fold');
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('input', () => this.#changed());
    this.#problems.addEventListener('click', () => {
      this.#state.value = this.#state.value === 'problem' ? '' : 'problem';
      this.#changed();
    });
    this.#fold.addEventListener('click', () => this.#setFolded(!this.folded));
    document.addEventListener('keydown', (event) => this.#keydown(event));
    this.#setFolded(recallFolded());
    this.#changed();
  }

  get filter() {
    return { text: this.#text.value, state: this.#state.value };
  }

  get folded() {
    return this.#fold.getAttribute('aria-pressed') === 'true';
  }

  clear() {
    this.#form.reset();
    this.#changed();
    this.#text.focus();
  }

  /**
   * @param {number} shown
   * @param {number} total
   */
  showCount(shown, total) {
    setText(part(this.#form, 'shown'),
      shown === total ? formatPlural(total, 'channel') : `${formatExact(shown)} of ${formatPlural(total, 'channel')}`);
  }

  /** @param {number} problems */
  showProblems(problems) {
    let text = 'Nothing needs attention';
    if (problems > 0) text = `${formatExact(problems)} ${problems === 1 ? 'needs' : 'need'} attention`;
    setText(part(this.#form, 'problems-text'), text);
    setIcon(part(this.#form, 'problems-icon'), problems > 0 ? 'no_signal' : 'connected');
    setAttribute(this.#problems, 'data-tone', problems > 0 ? 'bad' : 'good');
  }

  #changed() {
    setAttribute(this.#problems, 'aria-pressed', String(this.#state.value === 'problem'));
    this.dispatchEvent(new Event('filter'));
  }

  /** @param {boolean} folded */
  #setFolded(folded) {
    setAttribute(this.#fold, 'aria-pressed', String(folded));
    rememberFolded(folded);
    this.dispatchEvent(new Event('fold'));
  }

  /** "/" goes to the filter, unless it is being typed somewhere. @param {KeyboardEvent} event */
  #keydown(event) {
    if (event.key !== '/' || event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target;
    if (target instanceof Element && target.closest('input, select, textarea, dialog')) return;
    event.preventDefault();
    this.#text.focus();
    this.#text.select();
  }
}
