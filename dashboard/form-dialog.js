// @ts-check
/**
 * What the page's dialogs have in common: a <dialog> with a form that is sent by save(). It closes when
 * that worked; otherwise it stays, with each error next to the field that the error names.
 */

import { find, part, setHidden, setText } from './dom.js';
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
      if (event.target instanceof HTMLInputElement) this.#showFieldError(event.target.name, '');
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
   * @param {string} path the API's field, like "rtp_port" or "outputs[1].url"
   * @param {string} message
   */
  #showError(path, message) {
    const field = path.split('.').pop() ?? '';
    if (this.#showFieldError(field, message)) {
      this.input(field).focus();
      return;
    }
    setText(this.#error, message);
    setHidden(this.#error, false);
  }

  /**
   * @param {string} name
   * @param {string} message empty: no error
   * @returns whether the form has that field
   */
  #showFieldError(name, message) {
    const field = this.form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!field) return false;
    const text = find(field, '.field-error', HTMLElement);
    setText(text, message);
    setHidden(text, message === '');
    if (message === '') this.input(name).removeAttribute('aria-invalid');
    else this.input(name).setAttribute('aria-invalid', 'true');
    return true;
  }
}

/**
 * The entries of entered that differ from known.
 * @param {Record<string, unknown>} entered
 * @param {Record<string, unknown>} known
 */
export function changedFields(entered, known) {
  return Object.fromEntries(Object.entries(entered).filter(([name, value]) => value !== known[name]));
}
