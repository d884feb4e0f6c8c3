// @ts-check
/** Asks for the token of a program that was given one. It opens by itself whenever the server refuses what there is. */

import { FieldError, FormDialog } from './form-dialog.js';
import { ServerError } from './server.js';

const TOKEN = /^[A-Za-z0-9._~-]{16,256}$/; /* as docs/API.md has it; others cannot be sent in the WebSocket's handshake */

export class TokenDialog extends FormDialog {
  #server;

  /**
   * @param {import('./server.js').Server} server
   * @param {import('./store.js').Store} store
   */
  constructor(server, store) {
    super('token-dialog');
    this.#server = server;
    store.addEventListener('connection', () => {
      if (store.connection.state === 'locked' && !this.dialog.open) this.#ask();
    });
  }

  #ask() {
    this.input('token').value = '';
    this.show('This distributor asks for a token', 'Unlock');
  }

  async save() {
    const token = this.input('token').value.trim();
    if (!TOKEN.test(token)) {
      throw new FieldError('token', 'A token has 16 to 256 letters, digits, dots, hyphens, underscores and tildes.');
    }
    try {
      await this.#server.unlock(token);
    } catch (error) {
      if (!(error instanceof ServerError) || error.code !== 'unauthorized') throw error;
      throw new FieldError('token', 'This is not the token of the distributor.');
    }
  }
}
