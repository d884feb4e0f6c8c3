// @ts-check
/**
 * The one file that talks to the server.
 *
 * Commands go over REST and resolve with what the server answers; live state comes over the WebSocket
 * and goes straight to the store. A WebSocket that ends, or falls silent while the server does not
 * answer either, is given up and tried again with growing pauses; the store always says which.
 *
 * A program that was given a token refuses whoever does not send it. It is then asked for, and kept for as long as the
 * tab lives: in no cookie, so that no other page can use it.
 *
 * @typedef {import('./types.js').Channel} Channel
 * @typedef {import('./types.js').Output} Output
 * @typedef {import('./types.js').Health} Health
 * @typedef {import('./types.js').System} System
 * @typedef {import('./store.js').Store} Store
 */

import { EVENTS_KEPT } from './store.js';

const EVENTS_ASKED = 1024; /* all that the server keeps */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
const REQUEST_TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 4_000;
const SILENCE_MS = 8_000; /* after that long without a message the server is asked whether it lives */
const SILENCE_CHECK_MS = 2_000;
const TOKEN_KEY = 'distributor-token';
const PROTOCOL = 'distributor'; /* the subprotocol that is answered; behind it the token can stand */
const PROBE_PATH = 'api/events?limit=0'; /* answers little, and to those with the token alone */

/** A call that failed: what the API says, or that it could not be reached. */
export class ServerError extends Error {
  /**
   * @param {string} message for people
   * @param {string} code the API's code, or "unreachable"
   * @param {string} field the field it is about, or empty
   */
  constructor(message, code, field) {
    super(message);
    this.name = 'ServerError';
    this.code = code;
    this.field = field;
  }
}

/**
 * @param {Response} response
 * @returns {Promise<ServerError>}
 */
async function errorOf(response) {
  try {
    const { error } = await response.json();
    return new ServerError(String(error.message), String(error.code), String(error.field ?? ''));
  } catch {
    // Not the API's error shape: a proxy answered, or nothing that knows it.
    return new ServerError(`The server answered ${response.status} ${response.statusText}`.trim(),
      `http_${response.status}`, '');
  }
}

/**
 * @param {...string} ids
 */
function channelPath(...ids) {
  const [channel, output] = ids.map(encodeURIComponent);
  return output === undefined ? `api/channels/${channel}` : `api/channels/${channel}/outputs/${output}`;
}

export class Server {
  #store;
  #base;
  /** @type {WebSocket | null} */
  #socket = null;
  #pauseMs = FIRST_PAUSE_MS;
  #retryTimer = 0;
  #heardAt = 0;
  #token = sessionStorage.getItem(TOKEN_KEY) ?? '';

  /**
   * @param {Store} store
   * @param {string} base address of the page; the API is beside it
   */
  constructor(store, base) {
    this.#store = store;
    this.#base = base;
  }

  /** Open the WebSocket and keep it open for as long as the page lives. */
  start() {
    this.#connect();
    setInterval(() => this.#checkSilence(), SILENCE_CHECK_MS);
    window.addEventListener('online', () => this.retryNow());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.retryNow();
    });
  }

  /** Do not wait for the pause to end. Does nothing while connected or connecting. */
  retryNow() {
    if (this.#socket) return;
    this.#connect();
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    const url = new URL('ws', this.#base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#store.setConnection({ state: 'connecting', retryAt: 0 });
    // A page can set no header here.
    const socket = new WebSocket(url, this.#token ? [PROTOCOL, `token.${this.#token}`] : []);
    let opened = false;
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.addEventListener('open', () => { opened = true; });
    socket.addEventListener('message', (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    });
    socket.addEventListener('close', () => {
      if (socket === this.#socket) this.#lose();
      if (!opened) this.#askWhy();
    });
  }

  /** A WebSocket that was refused does not say why: a request does. */
  async #askWhy() {
    try {
      await this.#request('GET', PROBE_PATH, undefined, PROBE_TIMEOUT_MS);
    } catch {
      // Nobody answers, which the connection tells, or #request has locked the page.
    }
  }

  /** The token is missing or wrong: nothing is tried until there is another one. */
  #lock() {
    clearTimeout(this.#retryTimer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#store.setConnection({ state: 'locked', retryAt: 0 });
  }

  /**
   * Use this token from now on. Rejects with a ServerError, "unauthorized" when it is the wrong one; nothing has
   * changed then.
   * @param {string} token
   */
  async unlock(token) {
    const before = this.#token;
    this.#token = token;
    try {
      await this.#request('GET', PROBE_PATH);
    } catch (error) {
      this.#token = before;
      throw error;
    }
    sessionStorage.setItem(TOKEN_KEY, token);
    this.retryNow();
  }

  /** @param {unknown} data one message of the WebSocket */
  #receive(data) {
    this.#heardAt = performance.now();
    const message = JSON.parse(String(data));
    if (message.type === 'snapshot') {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#store.applySnapshot(message.channels, message.health);
      this.#store.setEvents(message.events ?? []);
      this.#store.setConnection({ state: 'live', retryAt: 0 });
    } else if (message.type === 'update') {
      this.#store.applyUpdate(message.channels ?? [], message.removed ?? [], message.health);
      if (message.events) this.#store.addEvents(message.events);
    }
  }

  #lose() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    // Half the pause is chance: pages that lost the same server do not all come back at once.
    const pause = this.#pauseMs * (0.5 + Math.random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#retryTimer = window.setTimeout(() => this.#connect(), pause);
    this.#store.setConnection({ state: 'lost', retryAt: performance.now() + pause });
  }

  /** A peer that vanished without closing leaves a WebSocket that looks open for many minutes. */
  async #checkSilence() {
    const socket = this.#socket;
    if (!socket || performance.now() - this.#heardAt < SILENCE_MS) return;
    this.#heardAt = performance.now();
    try {
      await this.#request('GET', 'api/health', undefined, PROBE_TIMEOUT_MS);
      if (socket.readyState !== WebSocket.OPEN) throw new Error('still not open');
    } catch {
      if (socket === this.#socket) this.#lose();
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {number} [timeoutMs]
   * @returns {Promise<any>} the answer's JSON; undefined when it has none
   */
  async #request(method, path, body, timeoutMs = REQUEST_TIMEOUT_MS) {
    /** @type {RequestInit} */
    const init = { method, cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) };
    /** @type {Record<string, string>} */
    const headers = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    init.headers = headers;
    if (body) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    let response;
    try {
      response = await fetch(new URL(path, this.#base), init);
      if (response.ok) return response.status === 204 ? undefined : await response.json();
    } catch {
      throw new ServerError('The server does not answer: the change may not have been made.', 'unreachable', '');
    }
    if (response.status === 401) this.#lock();
    throw await errorOf(response);
  }

  /**
   * @param {object} fields
   * @returns {Promise<Channel>}
   */
  async createChannel(fields) {
    const channel = await this.#request('POST', 'api/channels', fields);
    this.#store.putChannel(channel);
    return channel;
  }

  /**
   * @param {string} id
   * @param {object} fields those that change
   */
  async updateChannel(id, fields) {
    this.#store.putChannel(await this.#request('PUT', channelPath(id), fields));
  }

  /** @param {string} id */
  async startChannel(id) {
    this.#store.putChannel(await this.#request('POST', `${channelPath(id)}/start`));
  }

  /** @param {string} id */
  async stopChannel(id) {
    this.#store.putChannel(await this.#request('POST', `${channelPath(id)}/stop`));
  }

  /**
   * @param {string} id
   * @param {string} input the one to take the stream from: "primary" or "backup"
   */
  async switchInput(id, input) {
    this.#store.putChannel(await this.#request('POST', `${channelPath(id)}/switch`, { input }));
  }

  /** How packets come in, interface by interface. @returns {Promise<System>} */
  async loadSystem() {
    return this.#request('GET', 'api/system');
  }

  /** Ask for what happened before the page was opened; what happens afterwards comes by itself. */
  async loadEvents() {
    const after = Math.max(0, (this.#store.events.at(-1)?.id ?? 0) - EVENTS_KEPT);
    const { events } = await this.#request('GET', `api/events?after=${after}&limit=${EVENTS_ASKED}`);
    this.#store.addEvents(events);
  }

  /**
   * What the WebSocket does not bring of an output: who reads from it, and its last ten minutes.
   * @param {string} channelId
   * @param {string} outputId
   * @returns {Promise<import('./types.js').OutputDetails>}
   */
  async loadDetails(channelId, outputId) {
    const path = channelPath(channelId, outputId);
    const [output, history] = await Promise.all([
      this.#request('GET', path), this.#request('GET', `${path}/history`)]);
    return { output, history };
  }

  /**
   * Count from 0 again.
   * @param {string} channelId
   * @param {string} outputId
   */
  async resetOutput(channelId, outputId) {
    const output = await this.#request('POST', `${channelPath(channelId, outputId)}/reset`);
    this.#store.putOutput(channelId, output);
  }

  /**
   * @param {string} channelId
   * @param {string} outputId
   * @param {string} readerId
   */
  async kickReader(channelId, outputId, readerId) {
    await this.#request('DELETE', `${channelPath(channelId, outputId)}/readers/${encodeURIComponent(readerId)}`);
  }

  /** @param {string} id */
  async deleteChannel(id) {
    await this.#request('DELETE', channelPath(id));
    this.#store.removeChannel(id);
  }

  /**
   * @param {string} channelId
   * @param {object} fields
   * @returns {Promise<Output>}
   */
  async createOutput(channelId, fields) {
    const output = await this.#request('POST', `${channelPath(channelId)}/outputs`, fields);
    this.#store.putOutput(channelId, output);
    return output;
  }

  /**
   * @param {string} channelId
   * @param {string} outputId
   * @param {object} fields those that change
   */
  async updateOutput(channelId, outputId, fields) {
    this.#store.putOutput(channelId, await this.#request('PUT', channelPath(channelId, outputId), fields));
  }

  /**
   * @param {string} channelId
   * @param {string} outputId
   */
  async deleteOutput(channelId, outputId) {
    await this.#request('DELETE', channelPath(channelId, outputId));
    this.#store.removeOutput(channelId, outputId);
  }
}
