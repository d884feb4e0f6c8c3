// @ts-check
/** One channel: its line, and the lines of its outputs below it. */

import { channelCondition, countOutputProblems, countRejected } from './condition.js';
import { cloneTemplate, find, part, setAttribute, setHidden, setText } from './dom.js';
import { formatBitrate, formatBytes, formatEndpoint, formatExact } from './format.js';
import { setIcon } from './icons.js';
import { Metric } from './metric.js';
import { OutputRow } from './output-row.js';
import { StateBadge } from './state-badge.js';

/** @typedef {import('./types.js').Channel} Channel */

/** Outputs in one phrase: "2/3 connected". @param {Channel} channel */
function outputsNote({ outputs }) {
  if (outputs.length === 0) return 'none';
  const connected = outputs.filter(({ state }) => state === 'connected').length;
  return `${connected}/${outputs.length} connected`;
}

/** @param {Channel} channel */
function rejectedDetail({ stats }) {
  const reasons = Object.entries(stats).filter(([name, count]) => name.startsWith('rejected_') && count > 0);
  if (reasons.length === 0) return '';
  return ` (${reasons.map(([name, count]) => `${name.slice('rejected_'.length)} ${formatExact(count)}`).join(', ')})`;
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
  #reordered = new Metric(part(this.element, 'reordered'), 'RTP packets that came late');
  #restarts = new Metric(part(this.element, 'restarts'), 'Restarts of the source');
  #rejected = new Metric(part(this.element, 'rejected'), 'Datagrams rejected');
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
    setText(this.#address, formatEndpoint(channel.rtp_ip, channel.rtp_port));
    setText(this.#bitrate, formatBitrate(channel.desired === 'running' ? stats.bitrate_bps : undefined));
    setAttribute(this.#bitrate, 'title', `${formatBytes(stats.bytes_received)} received`);
    this.#lost.show(stats.rtp_lost);
    this.#reordered.show(stats.rtp_reordered);
    this.#restarts.show(stats.rtp_restarts);
    this.#rejected.show(countRejected(channel), rejectedDetail(channel));
    setText(this.#note, outputsNote(channel));
    setAttribute(this.#note, 'data-tone', countOutputProblems(channel) > 0 ? 'warn' : 'none');
    setText(this.#error, channel.last_error ?? '');
    setHidden(this.#error, !channel.last_error || channel.state === 'receiving');
    this.#showActions(channel);
    this.#showOutputs(channel);
  }

  /** @param {Channel} channel */
  #showActions({ name, desired }) {
    const running = desired === 'running';
    setIcon(this.#toggleIcon, running ? 'stop' : 'play');
    setText(this.#toggleWord, running ? 'Stop' : 'Start');
    setAttribute(this.#toggle, 'aria-label', `${running ? 'Stop' : 'Start'} channel ${name}`);
    setAttribute(this.#toggle, 'title', running ? 'Stop channel' : 'Start channel');
    setAttribute(this.#add, 'aria-label', `Add output to ${name}`);
    setAttribute(this.#edit, 'aria-label', `Edit channel ${name}`);
    setAttribute(this.#delete, 'aria-label', `Delete channel ${name}`);
    setAttribute(this.#fold, 'aria-label', `Outputs of ${name}`);
  }

  /** @param {Channel} channel */
  #showOutputs({ outputs }) {
    const gone = new Set(this.#outputs.keys());
    /** @type {Element} */
    let previous = part(this.element, 'row');
    for (const output of outputs) {
      gone.delete(output.id);
      let row = this.#outputs.get(output.id);
      if (row) row.show(output);
      else this.#outputs.set(output.id, row = new OutputRow(output));
      if (previous.nextElementSibling !== row.element) previous.after(row.element);
      previous = row.element;
    }
    for (const id of gone) {
      this.#outputs.get(id)?.element.remove();
      this.#outputs.delete(id);
    }
    this.#applyFold();
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
    for (const { element } of this.#outputs.values()) setHidden(element, this.#folded);
  }

  /** Once a second: what depends on the clock alone. */
  tick() {
    this.#lost.tick();
    this.#reordered.tick();
    this.#restarts.tick();
    this.#rejected.tick();
    for (const row of this.#outputs.values()) row.tick();
  }
}
