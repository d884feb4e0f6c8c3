// @ts-check
/** One channel: its line, and below it the account of its packets and the lines of its inputs and outputs. */

import { channelCondition, countOutputProblems, countRejected, redundantInputs } from './condition.js';
import { cloneTemplate, find, part, setAttribute, setHidden, setText } from './dom.js';
import { formatBitrate, formatBytes, formatEndpoint, formatExact } from './format.js';
import { setIcon } from './icons.js';
import { InputRow } from './input-row.js';
import { Metric } from './metric.js';
import { OutputRow } from './output-row.js';
import { PacketAccount } from './packet-account.js';
import { StateBadge } from './state-badge.js';

/** @typedef {import('./types.js').Channel} Channel */

/** Outputs in one phrase: "2/3 connected". @param {Channel} channel */
function outputsNote({ outputs }) {
  if (outputs.length === 0) return 'none';
  const connected = outputs.filter(({ state }) => state === 'connected').length;
  return `${connected}/${outputs.length} connected`;
}

/**
 * Where the stream comes from: the active input when there are two, both when they are merged.
 * @param {Channel} channel
 */
function addressText(channel) {
  const inputs = redundantInputs(channel);
  const [first, ...others] = inputs.filter(({ active }) => active);
  if (others.length > 0) return inputs.map(({ address }) => address).join(' + ');
  if (first?.name === 'backup') return `backup ${first.address}`;
  return formatEndpoint(channel.rtp_ip, channel.rtp_port);
}

/** @param {Channel} channel */
function rejectedDetail({ stats }) {
  const reasons = Object.entries(stats).filter(([name, count]) => name.startsWith('rejected_') && count > 0);
  if (reasons.length === 0) return '';
  return ` (${reasons.map(([name, count]) => `${name.slice('rejected_'.length)} ${formatExact(count)}`).join(', ')})`;
}

/**
 * @param {Map<string, {element: HTMLElement}>} rows
 * @param {Set<string>} keep
 */
function removeOthers(rows, keep) {
  for (const [key, { element }] of rows) {
    if (keep.has(key)) continue;
    element.remove();
    rows.delete(key);
  }
}

export class ChannelRow {
  element = cloneTemplate('channel-template');
  #badge = new StateBadge(part(this.element, 'state'));
  #name = part(this.element, 'name');
  #address = part(this.element, 'address');
  #bitrate = part(this.element, 'bitrate');
  #note = part(this.element, 'outputs-note');
  #error = part(this.element, 'error');
  #noOutputs = part(this.element, 'no-outputs');
  #toggleIcon = part(this.element, 'toggle-icon');
  #toggleWord = part(this.element, 'toggle-word');
  #fold = find(this.element, '[data-action="fold"]', HTMLButtonElement);
  #toggle = find(this.element, '[data-action="toggle-channel"]', HTMLButtonElement);
  #add = find(this.element, '[data-action="add-output"]', HTMLButtonElement);
  #edit = find(this.element, '[data-action="edit-channel"]', HTMLButtonElement);
  #delete = find(this.element, '[data-action="delete-channel"]', HTMLButtonElement);
  #lost = new Metric(part(this.element, 'lost'), 'RTP packets that the network lost');
  #reordered = new Metric(part(this.element, 'reordered'), 'RTP packets put back in order');
  #restarts = new Metric(part(this.element, 'restarts'), 'Restarts of the source');
  #rejected = new Metric(part(this.element, 'rejected'), 'Datagrams rejected');
  #accountButton = find(this.element, '[data-action="account"]', HTMLButtonElement);
  /** While it is open. @type {PacketAccount | null} */
  #account = null;
  /** @type {Map<string, InputRow>} by name; empty with a single input */
  #inputs = new Map();
  /** @type {Map<string, OutputRow>} by id */
  #outputs = new Map();
  #folded = false;

  /** @param {Channel} channel */
  constructor(channel) {
    this.channel = channel;
    this.element.dataset.channel = channel.id;
    this.show(channel);
  }

  /** @param {Channel} channel */
  show(channel) {
    this.channel = channel;
    const { stats } = channel;
    this.#badge.show(channelCondition(channel));
    setText(this.#name, channel.name);
    setAttribute(this.#name, 'title', channel.name);
    const address = addressText(channel);
    setText(this.#address, address);
    setAttribute(this.#address, 'title', address);
    setText(this.#bitrate, formatBitrate(channel.desired === 'running' ? stats.bitrate_bps : undefined));
    setAttribute(this.#bitrate, 'title', `${formatBytes(stats.bytes_received)} received`);
    this.#lost.show(stats.rtp_lost);
    this.#reordered.show(stats.rtp_reordered);
    this.#restarts.show(stats.rtp_restarts);
    this.#rejected.show(countRejected(channel), rejectedDetail(channel));
    setText(this.#note, outputsNote(channel));
    setAttribute(this.#note, 'data-tone', countOutputProblems(channel) > 0 ? 'warn' : 'none');
    setText(this.#error, channel.last_error ?? '');
    setHidden(this.#error, !channel.last_error);
    this.#showActions(channel);
    this.#account?.show(channel);
    this.#showInputs(channel);
    this.#showOutputs(channel);
    this.#place();
    this.#applyFold();
  }

  /** @param {Channel} channel */
  #showActions({ name, desired }) {
    const running = desired === 'running';
    setIcon(this.#toggleIcon, running ? 'stop' : 'play');
    setText(this.#toggleWord, running ? 'Stop' : 'Start');
    setAttribute(this.#toggle, 'aria-label', `${running ? 'Stop' : 'Start'} channel ${name}`);
    setAttribute(this.#toggle, 'title', running ? 'Stop channel' : 'Start channel');
    setAttribute(this.#accountButton, 'aria-label', `Where the packets of ${name} went`);
    setAttribute(this.#add, 'aria-label', `Add output to ${name}`);
    setAttribute(this.#edit, 'aria-label', `Edit channel ${name}`);
    setAttribute(this.#delete, 'aria-label', `Delete channel ${name}`);
    setAttribute(this.#fold, 'aria-label', `Outputs of ${name}`);
  }

  /** @param {Channel} channel */
  #showInputs(channel) {
    const inputs = redundantInputs(channel);
    for (const input of inputs) {
      let row = this.#inputs.get(input.name);
      if (!row) this.#inputs.set(input.name, row = new InputRow(input.name));
      row.show(channel, input);
    }
    removeOthers(this.#inputs, new Set(inputs.map(({ name }) => name)));
  }

  /** @param {Channel} channel */
  #showOutputs({ outputs }) {
    const old = this.#outputs;
    this.#outputs = new Map();
    for (const output of outputs) {
      const row = old.get(output.id);
      row?.show(output);
      this.#outputs.set(output.id, row ?? new OutputRow(output));
    }
    for (const [id, row] of old) if (!this.#outputs.has(id)) row.closeDetail();
    removeOthers(old, new Set(this.#outputs.keys()));
  }

  /**
   * Open or close an output's details.
   * @param {string} outputId
   * @param {import('./output-detail.js').LoadFn} load
   */
  toggleDetail(outputId, load) {
    this.#outputs.get(outputId)?.toggleDetail(load);
    this.#place();
  }

  /** Everything below the channel's line, in its order; only what is not in its place is moved. */
  #place() {
    /** @type {Element} */
    let previous = part(this.element, 'row');
    const accounts = this.#account ? [this.#account] : [];
    const outputs = [...this.#outputs.values()].flatMap((row) => (row.detail ? [row, row.detail] : [row]));
    for (const { element } of [...accounts, ...this.#inputs.values(), ...outputs]) {
      if (previous.nextElementSibling !== element) previous.after(element);
      previous = element;
    }
  }

  /** Whether it is on show where the packets went. */
  get accounted() {
    return this.#account !== null;
  }

  set accounted(accounted) {
    this.#account?.element.remove();
    this.#account = accounted ? new PacketAccount(this.channel) : null;
    setAttribute(this.#accountButton, 'aria-expanded', String(accounted));
    this.#place();
  }

  get folded() {
    return this.#folded;
  }

  set folded(folded) {
    this.#folded = folded;
    this.#applyFold();
  }

  #applyFold() {
    setAttribute(this.#fold, 'aria-expanded', String(!this.#folded));
    setHidden(this.#noOutputs, this.#folded || this.#outputs.size > 0);
    for (const { element } of this.#inputs.values()) setHidden(element, this.#folded);
    for (const { element, detail } of this.#outputs.values()) {
      setHidden(element, this.#folded);
      if (detail) setHidden(detail.element, this.#folded);
    }
  }

  /** Once a second: what depends on the clock alone. */
  tick() {
    this.#lost.tick();
    this.#reordered.tick();
    this.#restarts.tick();
    this.#rejected.tick();
    this.#account?.tick();
    for (const row of this.#inputs.values()) row.tick();
    for (const row of this.#outputs.values()) row.tick();
  }
}
