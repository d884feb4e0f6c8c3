// @ts-check
/**
 * What the page's dialogs have in common: a <dialog> with a form that is sent by save(). It closes when
 * that worked; otherwise it stays, with each error next to the field that the error names.
 */

import { find, part, setHidden, setText } from './dom.js';
import { locateEntry } from './entries.js';
import { ServerError } from './server.js';

/** Something that can be told without asking the server. */
export class FieldError extends Error {
  /**
   * @param {string} field
   * @param {string} message
   */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/** @param {unknown} element @returns {element is Control} */
function isControl(element) {
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement
    || element instanceof HTMLTextAreaElement;
}

export class FormDialog {
  #submit;
  #error;
  #submitLabel = '';
  #saving = false;

  /** @param {string} id of the <dialog> */
  constructor(id) {
    this.dialog = find(document, `#${id}`, HTMLDialogElement);
    this.form = find(this.dialog, 'form', HTMLFormElement);
    this.#submit = find(this.dialog, '[data-part="submit"]', HTMLButtonElement);
    this.#error = part(this.dialog, 'error');
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#trySave();
    });
    this.form.addEventListener('input', (event) => {
      if (isControl(event.target)) this.#showFieldError(event.target.name, '');
    });
    part(this.dialog, 'cancel').addEventListener('click', () => this.dialog.close());
  }

  /**
   * @param {string} title
   * @param {string} submitLabel
   */
  show(title, submitLabel) {
    setText(part(this.dialog, 'title'), title);
    this.#submitLabel = submitLabel;
    this.#setSaving(false);
    this.#clearErrors();
    this.dialog.showModal();
  }

  /**
   * Send what was entered. Rejects with a FieldError or ServerError when that cannot be done.
   * @returns {Promise<void>}
   */
  async save() {
    throw new Error('save() is the subclass’s to write');
  }

  /** @param {string} name */
  input(name) {
    return find(this.form, `input[name="${name}"]`, HTMLInputElement);
  }

  /**
   * An input, a select or a textarea.
   * @param {string} name
   * @returns {Control}
   */
  control(name) {
    const control = this.form.querySelector(`[name="${name}"]`);
    if (!isControl(control)) throw new Error(`index.html has no control ${name}`);
    return control;
  }

  async #trySave() {
    if (this.#saving) return;
    this.#clearErrors();
    this.#setSaving(true);
    try {
      await this.save();
      this.dialog.close();
    } catch (error) {
      if (!(error instanceof FieldError || error instanceof ServerError)) throw error;
      this.#showError(error.field, error.message);
    } finally {
      this.#setSaving(false);
    }
  }

  /** @param {boolean} saving */
  #setSaving(saving) {
    this.#saving = saving;
    setText(this.#submit, saving ? 'One moment…' : this.#submitLabel);
    this.#submit.setAttribute('aria-disabled', String(saving));
  }

  #clearErrors() {
    setHidden(this.#error, true);
    for (const field of this.form.querySelectorAll('[data-field]')) {
      if (field instanceof HTMLElement) this.#showFieldError(field.dataset.field ?? '', '');
    }
  }

  /**
   * @param {string} path the API's field, like "rtp_port", "backup.sources[2]" or "outputs[1].url"
   * @param {string} message
   */
  #showError(path, message) {
    const name = this.#fieldName(path);
    if (name === undefined) {
      setText(this.#error, message);
      setHidden(this.#error, false);
      this.#error.scrollIntoView({ block: 'nearest' });
      return;
    }
    const control = this.control(name);
    const index = /\[(\d+)\]$/.exec(path);
    this.#showFieldError(name, index ? `Entry ${Number(index[1]) + 1}: ${message}` : message);
    const folded = control.closest('details');
    if (folded) folded.open = true;
    control.focus();
    if (index && control instanceof HTMLTextAreaElement) {
      control.setSelectionRange(...locateEntry(control.value, Number(index[1])));
    }
  }

  /**
   * The field on show that a path of the API means: that of the whole path, or of its last part.
   * @param {string} path
   */
  #fieldName(path) {
    const whole = path.replace(/\[\d+\]/g, '');
    return [whole, whole.split('.').pop() ?? ''].find((name) => {
      const field = this.form.querySelector(`[data-field="${CSS.escape(name)}"]`);
      return field && !field.closest('[hidden]');
    });
  }

  /**
   * @param {string} name
   * @param {string} message empty: no error
   */
  #showFieldError(name, message) {
    const field = this.form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!field) return;
    const text = find(field, '.field-error', HTMLElement);
    setText(text, message);
    setHidden(text, message === '');
    if (message === '') this.control(name).removeAttribute('aria-invalid');
    else this.control(name).setAttribute('aria-invalid', 'true');
  }
}

/**
 * The entries of entered that differ from known. Objects are the same when they have the same members
 * in the same order.
 * @param {Record<string, unknown>} entered
 * @param {Record<string, unknown>} known
 */
export function changedFields(entered, known) {
  return Object.fromEntries(Object.entries(entered).filter(([name, value]) => (
    JSON.stringify(value) !== JSON.stringify(known[name]))));
}
