// @ts-check
/** Asks before something that cannot be undone, or takes something off the air. */

import { part, setText } from './dom.js';
import { FormDialog } from './form-dialog.js';

export class ConfirmDialog extends FormDialog {
  /** @type {() => Promise<unknown>} */
  #act = async () => {};

  constructor() {
    super('confirm-dialog');
  }

  /**
   * @param {{title: string, text: string, action: string}} question
   * @param {() => Promise<unknown>} act what to do on yes; when it fails the dialog says why
   */
  ask({ title, text, action }, act) {
    this.#act = act;
    setText(part(this.dialog, 'text'), text);
    this.show(title, action);
  }

  async save() {
    await this.#act();
  }
}
