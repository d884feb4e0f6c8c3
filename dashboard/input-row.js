// @ts-check
/** One of the two inputs of a channel: a line below it, with a button to take the stream from there. */

import { channelCondition, countRejected } from './condition.js';
import { counterLabel } from './counters.js';
import { cloneTemplate, find, part, setAttribute, setHidden, setText } from './dom.js';
import { formatBitrate } from './format.js';
import { setIcon } from './icons.js';
import { Metric } from './metric.js';
import { StateBadge } from './state-badge.js';

/**
 * @typedef {import('./types.js').Channel} Channel
 * @typedef {import('./types.js').Input} Input
 */

/** @type {Record<string, string>} */
const NAMES = { primary: 'Primary', backup: 'Backup' };

/**
 * What the input is for at the moment.
 * @param {Channel} channel
 * @param {Input} input
 */
function roleOf({ desired, failover }, { active, state }) {
  if (desired !== 'running') return { icon: '', word: '', title: '' };
  if (failover?.mode === 'merge') return { icon: 'active', word: 'merged', title: 'Each packet is taken from the path that brings it first' };
  if (active) return { icon: 'active', word: 'in use', title: 'The outputs get the stream of this input' };
  return { icon: 'standby', word: 'standby', title: state === 'receiving' ? 'Ready to take over' : 'Nothing comes that could take over' };
}

export class InputRow {
  element = cloneTemplate('input-template');
  #badge = new StateBadge(part(this.element, 'state'));
  #name = part(this.element, 'name');
  #address = part(this.element, 'address');
  #bitrate = part(this.element, 'bitrate');
  #role = part(this.element, 'role');
  #roleIcon = part(this.element, 'role-icon');
  #roleWord = part(this.element, 'role-word');
  #switch = find(this.element, '[data-action="switch-input"]', HTMLButtonElement);
  #metrics = ['rtp_lost', 'rtp_reordered', 'rtp_restarts'].map((name) => (
    { name, metric: new Metric(part(this.element, name), counterLabel(name)) }));
  #rejected = new Metric(part(this.element, 'rejected'), 'Datagrams rejected');

  /** @param {string} name of the input */
  constructor(name) {
    this.element.dataset.input = name;
    setText(this.#name, NAMES[name] ?? name);
  }

  /**
   * @param {Channel} channel
   * @param {Input} input
   */
  show(channel, input) {
    const { stats } = input;
    const running = channel.desired === 'running';
    this.#badge.show(channelCondition(input));
    setText(this.#address, input.address);
    setAttribute(this.#address, 'title', input.address);
    setText(this.#bitrate, formatBitrate(running ? stats.bitrate_bps : undefined));
    for (const { name, metric } of this.#metrics) metric.show(stats[name]);
    this.#rejected.show(countRejected(input));
    const { icon, word, title } = roleOf(channel, input);
    setIcon(this.#roleIcon, icon);
    setText(this.#roleWord, word);
    setAttribute(this.#role, 'title', title);
    setAttribute(this.element, 'data-active', String(running && input.active));
    const label = `Switch ${channel.name} to its ${input.name} input`;
    setAttribute(this.#switch, 'aria-label', label);
    setAttribute(this.#switch, 'title', label);
    setHidden(this.#switch, !running || input.active || channel.failover?.mode === 'merge');
  }

  /** Once a second: what depends on the clock alone. */
  tick() {
    for (const { metric } of this.#metrics) metric.tick();
    this.#rejected.tick();
  }
}
