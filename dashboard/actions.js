// @ts-check
/**
 * What the operator can do: each button's action, from the question before it to the message when it
 * fails. What takes something off the air asks first; what puts something on it does not.
 */

import { formatPlural } from './format.js';
import { ServerError } from './server.js';

/**
 * @typedef {import('./types.js').Channel} Channel
 * @typedef {import('./types.js').Output} Output
 *
 * @typedef {object} Dialogs
 * @property {import('./channel-dialog.js').ChannelDialog} channel
 * @property {import('./output-dialog.js').OutputDialog} output
 * @property {import('./confirm-dialog.js').ConfirmDialog} confirm
 */

export class ChannelCreatedEvent extends Event {
  /** @param {Channel} channel */
  constructor(channel) {
    super('created');
    this.channel = channel;
  }
}

/** @param {Channel} channel */
function onAirText({ outputs }) {
  const connected = outputs.filter(({ state }) => state === 'connected').length;
  return connected === 0 ? '' : ` ${formatPlural(connected, 'connected output')} will go off the air.`;
}

/** Fires a ChannelCreatedEvent, "created", after the operator made a channel. */
export class Actions extends EventTarget {
  #server;
  #store;
  #dialogs;
  #notices;
  /** Calls under way, so that a double click is one. @type {Set<string>} */
  #pending = new Set();

  /**
   * @param {import('./server.js').Server} server
   * @param {import('./store.js').Store} store
   * @param {Dialogs} dialogs
   * @param {import('./notices.js').Notices} notices
   */
  constructor(server, store, dialogs, notices) {
    super();
    this.#server = server;
    this.#store = store;
    this.#dialogs = dialogs;
    this.#notices = notices;
  }

  /**
   * Do what the button with that data-action stands for.
   * @param {string} action
   * @param {string} channelId
   * @param {string} [part] the id of an output of it, or the name of an input
   * @param {{id: string, address: string}} [reader] one of those who read from that output
   */
  run(action, channelId, part, reader) {
    const channel = this.#store.channels.get(channelId);
    if (!channel) return;
    if (action === 'toggle-channel') this.#toggleChannel(channel);
    else if (action === 'edit-channel') this.#editChannel(channel);
    else if (action === 'delete-channel') this.#deleteChannel(channel);
    else if (action === 'add-output') this.#addOutput(channel);
    else if (action === 'switch-input') this.#switchInput(channel, part);
    const output = part && this.#store.getOutput(channelId, part);
    if (!output) return;
    if (action === 'toggle-output') this.#toggleOutput(channel, output);
    else if (action === 'edit-output') this.#editOutput(channel, output);
    else if (action === 'delete-output') this.#deleteOutput(channel, output);
    else if (action === 'reset-output') this.#resetOutput(channel, output);
    else if (action === 'kick-reader' && reader) this.#kickReader(channel, output, reader);
  }

  newChannel() {
    this.#dialogs.channel.open(null, this.#interfaceNames(), async (fields) => {
      this.dispatchEvent(new ChannelCreatedEvent(await this.#server.createChannel(fields)));
    });
  }

  #interfaceNames() {
    return (this.#store.health?.interfaces ?? []).map(({ name }) => name);
  }

  /** @param {Channel} channel */
  #editChannel(channel) {
    this.#dialogs.channel.open(channel, this.#interfaceNames(),
      (fields) => this.#server.updateChannel(channel.id, fields));
  }

  /** @param {Channel} channel */
  #toggleChannel(channel) {
    if (channel.desired === 'stopped') {
      this.#call(`start channel ${channel.name}`, () => this.#server.startChannel(channel.id));
      return;
    }
    const stop = () => this.#server.stopChannel(channel.id);
    const onAir = onAirText(channel);
    if (channel.state !== 'receiving' && onAir === '') {
      this.#call(`stop channel ${channel.name}`, stop);
      return;
    }
    this.#dialogs.confirm.ask({
      title: `Stop channel ${channel.name}?`,
      text: `It is ${channel.state === 'receiving' ? 'receiving' : 'running'}.${onAir}`,
      action: 'Stop channel',
    }, stop);
  }

  /**
   * @param {Channel} channel
   * @param {string | undefined} name the input to take the stream from
   */
  #switchInput(channel, name) {
    const input = channel.inputs?.find((other) => other.name === name);
    if (!input) return;
    this.#call(`switch channel ${channel.name} to its ${name} input`,
      () => this.#server.switchInput(channel.id, input.name));
  }

  /** @param {Channel} channel */
  #deleteChannel(channel) {
    const outputs = channel.outputs.length === 0 ? '' : ` and its ${formatPlural(channel.outputs.length, 'output')}`;
    this.#dialogs.confirm.ask({
      title: `Delete channel ${channel.name}?`,
      text: `The channel${outputs} will be gone for good.${onAirText(channel)}`,
      action: 'Delete channel',
    }, () => this.#server.deleteChannel(channel.id));
  }

  /** @param {Channel} channel */
  #addOutput(channel) {
    this.#dialogs.output.open(channel.name, null, (fields) => this.#server.createOutput(channel.id, fields));
  }

  /**
   * @param {Channel} channel
   * @param {Output} output
   */
  #editOutput(channel, output) {
    this.#dialogs.output.open(channel.name, output,
      (fields) => this.#server.updateOutput(channel.id, output.id, fields));
  }

  /**
   * @param {Channel} channel
   * @param {Output} output
   */
  #toggleOutput(channel, output) {
    const enabled = !output.enabled;
    const change = () => this.#server.updateOutput(channel.id, output.id, { enabled });
    if (enabled || output.state !== 'connected') {
      this.#call(`${enabled ? 'enable' : 'disable'} output ${output.name}`, change);
      return;
    }
    this.#dialogs.confirm.ask({
      title: `Disable output ${output.name}?`,
      text: `It is connected and will go off the air. The other outputs of ${channel.name} keep running.`,
      action: 'Disable output',
    }, change);
  }

  /**
   * @param {Channel} channel
   * @param {Output} output
   */
  #deleteOutput(channel, output) {
    const onAir = output.state === 'connected' ? ' It is connected and will go off the air.' : '';
    this.#dialogs.confirm.ask({
      title: `Delete output ${output.name}?`,
      text: `The output of ${channel.name} will be gone for good.${onAir}`,
      action: 'Delete output',
    }, () => this.#server.deleteOutput(channel.id, output.id));
  }

  /**
   * @param {Channel} channel
   * @param {Output} output
   */
  #resetOutput(channel, output) {
    this.#call(`reset the counters of ${output.name}`, () => this.#server.resetOutput(channel.id, output.id));
  }

  /**
   * @param {Channel} channel
   * @param {Output} output
   * @param {{id: string, address: string}} reader
   */
  #kickReader(channel, output, { id, address }) {
    this.#dialogs.confirm.ask({
      title: `Disconnect ${address}?`,
      text: `It reads from ${output.name} of ${channel.name}, and may come again at once: passphrase and sources of the URL say who may read.`,
      action: 'Disconnect',
    }, () => this.#server.kickReader(channel.id, output.id, id));
  }

  /**
   * @param {string} what for the message: "Could not <what>: …"
   * @param {() => Promise<unknown>} call
   */
  async #call(what, call) {
    if (this.#pending.has(what)) return;
    this.#pending.add(what);
    try {
      await call();
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      this.#notices.show(`Could not ${what}: ${error.message}`);
    } finally {
      this.#pending.delete(what);
    }
  }
}
