// @ts-check
/** Makes a channel, or changes one. */

import { FieldError, FormDialog, changedFields } from './form-dialog.js';

/**
 * @typedef {import('./types.js').Channel} Channel
 * @typedef {(fields: Record<string, unknown>) => Promise<unknown>} SaveFn
 */

export class ChannelDialog extends FormDialog {
  /** @type {Channel | null} */
  #channel = null;
  /** @type {SaveFn} */
  #send = async () => {};

  constructor() {
    super('channel-dialog');
  }

  /**
   * @param {Channel | null} channel null: a new one
   * @param {SaveFn} send is given all fields of a new channel, the changed ones of a known one
   */
  open(channel, send) {
    this.#channel = channel;
    this.#send = send;
    this.input('name').value = channel?.name ?? '';
    this.input('rtp_ip').value = channel?.rtp_ip ?? '';
    this.input('rtp_port').value = channel ? String(channel.rtp_port) : '';
    this.input('autostart').checked = channel?.autostart ?? false;
    this.show(channel ? `Edit channel ${channel.name}` : 'New channel', channel ? 'Save' : 'Create channel');
  }

  async save() {
    const entered = this.#read();
    if (!this.#channel) {
      await this.#send(entered);
      return;
    }
    const changed = changedFields(entered, { ...this.#channel });
    if (Object.keys(changed).length > 0) await this.#send(changed);
  }

  #read() {
    const name = this.input('name').value.trim();
    if (name === '') throw new FieldError('name', 'Give the channel a name.');
    const port = this.input('rtp_port').value.trim();
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
      throw new FieldError('rtp_port', 'A whole number from 1 to 65535.');
    }
    return {
      name,
      rtp_ip: this.input('rtp_ip').value.trim() || '0.0.0.0',
      rtp_port: Number(port),
      autostart: this.input('autostart').checked,
    };
  }
}
