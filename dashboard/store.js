// @ts-check
/**
 * What the page knows: the channels in their order, the server's health, and how the link to it
 * stands. The server file writes it, components read it and listen to it.
 *
 * Events: "channels" (a ChannelsEvent), "health", "connection", "events".
 *
 * @typedef {import('./types.js').Channel} Channel
 * @typedef {import('./types.js').Output} Output
 * @typedef {import('./types.js').Health} Health
 * @typedef {import('./types.js').ServerEvent} ServerEvent
 * @typedef {import('./types.js').Connection} Connection
 */

export const EVENTS_KEPT = 200;

export class ChannelsEvent extends Event {
  /**
   * @param {Set<string>} changed ids of channels that are new or differ
   * @param {Set<string>} removed ids of channels that are gone
   */
  constructor(changed, removed) {
    super('channels');
    this.changed = changed;
    this.removed = removed;
  }
}

export class Store extends EventTarget {
  /** @type {Map<string, Channel>} by id, oldest first */
  channels = new Map();
  /** @type {Health | null} null until the server has spoken */
  health = null;
  /** What happened last, oldest first. @type {ServerEvent[]} */
  events = [];
  /** @type {Connection} */
  connection = { state: 'connecting', retryAt: 0 };
  /** When the server last spoke. @type {Date | null} */
  updatedAt = null;

  /**
   * The server's whole state: what is not in it is gone.
   * @param {Channel[]} channels
   * @param {Health} health
   */
  applySnapshot(channels, health) {
    const removed = new Set(this.channels.keys());
    for (const channel of channels) removed.delete(channel.id);
    this.channels = new Map(channels.map((channel) => [channel.id, channel]));
    this.#setHealth(health);
    this.dispatchEvent(new ChannelsEvent(new Set(this.channels.keys()), removed));
  }

  /**
   * @param {Channel[]} changed
   * @param {string[]} removed
   * @param {Health | undefined} health
   */
  applyUpdate(changed, removed, health) {
    for (const channel of changed) this.channels.set(channel.id, channel);
    for (const id of removed) this.channels.delete(id);
    if (health) this.#setHealth(health);
    if (changed.length === 0 && removed.length === 0) return;
    this.dispatchEvent(new ChannelsEvent(new Set(changed.map(({ id }) => id)), new Set(removed)));
  }

  /** @param {Channel} channel new or changed */
  putChannel(channel) {
    this.applyUpdate([channel], [], undefined);
  }

  /** @param {string} id */
  removeChannel(id) {
    if (this.channels.has(id)) this.applyUpdate([], [id], undefined);
  }

  /**
   * @param {string} channelId
   * @param {Output} output new or changed
   */
  putOutput(channelId, output) {
    const channel = this.channels.get(channelId);
    if (!channel) return;
    const known = channel.outputs.some(({ id }) => id === output.id);
    const outputs = known
      ? channel.outputs.map((other) => (other.id === output.id ? output : other))
      : [...channel.outputs, output];
    this.putChannel({ ...channel, outputs });
  }

  /**
   * @param {string} channelId
   * @param {string} outputId
   */
  removeOutput(channelId, outputId) {
    const channel = this.channels.get(channelId);
    if (!channel) return;
    this.putChannel({ ...channel, outputs: channel.outputs.filter(({ id }) => id !== outputId) });
  }

  /**
   * @param {string} channelId
   * @param {string} outputId
   */
  getOutput(channelId, outputId) {
    return this.channels.get(channelId)?.outputs.find(({ id }) => id === outputId);
  }

  /**
   * The server's newest events in place of all others: a server that was started anew counts from 1.
   * @param {ServerEvent[]} events
   */
  setEvents(events) {
    this.events = [];
    this.addEvents(events);
  }

  /** @param {ServerEvent[]} events in any order; known ones are welcome */
  addEvents(events) {
    const byId = new Map([...this.events, ...events].map((event) => [event.id, event]));
    this.events = [...byId.values()].sort((a, b) => a.id - b.id).slice(-EVENTS_KEPT);
    this.dispatchEvent(new Event('events'));
  }

  /** @param {Connection} connection */
  setConnection(connection) {
    this.connection = connection;
    this.dispatchEvent(new Event('connection'));
  }

  /** @param {Health} health */
  #setHealth(health) {
    this.health = health;
    this.updatedAt = new Date();
    this.dispatchEvent(new Event('health'));
  }
}
