// @ts-check
/** Adds an output to a channel, or changes one. */

import { create, part, setHidden, setText, showItems } from './dom.js';
import { FieldError, FormDialog, changedFields } from './form-dialog.js';
import { hintsFor } from './url-hints.js';

/**
 * @typedef {import('./types.js').Output} Output
 * @typedef {(fields: Record<string, unknown>) => Promise<unknown>} SaveFn
 */

/** @param {import('./url-hints.js').UrlHint} hint */
function hintItem({ kind, example, note }) {
  return create('li', '', create('b', '', kind), create('code', '', example), create('span', '', note));
}

export class OutputDialog extends FormDialog {
  /** @type {Output | null} */
  #output = null;
  /** @type {SaveFn} */
  #send = async () => {};

  constructor() {
    super('output-dialog');
    this.input('url').addEventListener('input', () => this.#showHints());
  }

  /**
   * @param {string} channelName
   * @param {Output | null} output null: a new one
   * @param {SaveFn} send is given all fields of a new output, the changed ones of a known one
   */
  open(channelName, output, send) {
    this.#output = output;
    this.#send = send;
    this.input('url').value = output?.url ?? '';
    this.input('name').value = output?.name ?? '';
    this.input('enabled').checked = output?.enabled ?? true;
    this.#showHints();
    setHidden(part(this.dialog, 'secret-hint'), !output?.url.includes('***'));
    const error = part(this.dialog, 'last-error');
    setText(error, `Last error: ${output?.last_error ?? ''}`);
    setHidden(error, !output?.last_error);
    this.show(output ? `Edit output ${output.name}` : `Add output to ${channelName}`,
      output ? 'Save' : 'Add output');
  }

  #showHints() {
    showItems(part(this.dialog, 'url-hints'), hintsFor(this.input('url').value), hintItem);
  }

  async save() {
    const url = this.input('url').value.trim();
    if (url === '') throw new FieldError('url', 'Say where the stream goes.');
    const name = this.input('name').value.trim();
    const enabled = this.input('enabled').checked;
    // Without a name the server makes one from the URL; a known output keeps its own.
    const entered = name === '' ? { url, enabled } : { url, name, enabled };
    if (!this.#output) {
      await this.#send(entered);
      return;
    }
    const changed = changedFields(entered, { ...this.#output });
    if (Object.keys(changed).length > 0) await this.#send(changed);
  }
}
