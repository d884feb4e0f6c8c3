// @ts-check
/**
 * Stands in for medialive-distributor: the same REST and WebSocket API, with channels that do only what
 * a test tells them to. Serves dashboard/ with the same headers, so that the page is tested under the
 * content security policy that it will meet.
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ApiError, CHANNEL_FIELDS, OLD_CHANNEL_FIELDS, OLD_OUTPUT_FIELDS, OUTPUT_FIELDS, checkFields, checkOutput,
} from './fake-checks.mjs';
import { OUTPUT_TOTALS, makeChannel, makeInputs, makeOutput, makeSystem } from './fake-data.mjs';
import { WebSocketPeer } from './websocket.mjs';

/**
 * @typedef {import('../../dashboard/types.js').Channel} Channel
 * @typedef {import('../../dashboard/types.js').Output} Output
 * @typedef {import('../../dashboard/types.js').Interface} Interface
 * @typedef {import('../../dashboard/types.js').ServerEvent} ServerEvent
 */

const DASHBOARD = fileURLToPath(new URL('../../dashboard/', import.meta.url));
const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
});
const CSP = "default-src 'self'; connect-src 'self' ws: wss:";

/** Take what an older program does not send off a channel. @param {Channel} channel */
export function ageChannel(channel) {
  for (const name of ['inputs', ...CHANNEL_FIELDS]) {
    if (!OLD_CHANNEL_FIELDS.includes(name)) Reflect.deleteProperty(channel, name);
  }
  for (const output of channel.outputs) {
    for (const name of ['note', 'warning', ...OUTPUT_FIELDS]) {
      if (!OLD_OUTPUT_FIELDS.includes(name)) Reflect.deleteProperty(output, name);
    }
  }
  return channel;
}

export class FakeServer {
  /** @type {Channel[]} */
  channels = [];
  /** @type {Interface[]} */
  interfaces = [{ name: 'eth1', mode: 'xdp', queues: 4, reason: '', rx_dropped: 0, rx_ring_full: 0 }];
  system = makeSystem();
  /** The last ten minutes of outputs, by id. @type {Map<string, import('../../dashboard/types.js').Sample[]>} */
  samples = new Map();
  /** Oldest first. @type {ServerEvent[]} */
  events = [];
  /** An older program: without the fields, paths and events that came with redundant inputs. */
  old = false;
  /** Every REST call: "PUT /api/channels/…", with its body; but not whether it lives, which is asked after a silence. @type {{call: string, body: any}[]} */
  calls = [];
  /** While true nothing is answered, as behind a cable that was pulled. */
  frozen = false;
  /** That is asked for; empty: none. */
  token = '';
  port = 0;
  #startedAt = Date.now();
  #http = createServer();
  /** @type {Set<WebSocketPeer>} */
  #peers = new Set();
  /** Every connection, also those that became WebSockets or were never answered. @type {Set<import('node:net').Socket>} */
  #sockets = new Set();

  /** @param {number} [port] 0: any */
  async start(port = this.port) {
    this.#http = createServer((request, response) => this.#answer(request, response));
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#http.on('upgrade', (request, socket) => this.#upgrade(request, socket));
    await new Promise((resolve) => this.#http.listen(port, '127.0.0.1', () => resolve(undefined)));
    this.port = /** @type {import('node:net').AddressInfo} */ (this.#http.address()).port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Vanish: the port is closed, and so is every connection. start() comes back on the same port. */
  async stop() {
    const closed = new Promise((resolve) => this.#http.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  get health() {
    const outputs = this.channels.flatMap((channel) => channel.outputs);
    return {
      status: 'ok', version: '0.1.0', uptime_s: Math.floor((Date.now() - this.#startedAt) / 1000),
      channels: this.channels.length,
      channels_running: this.channels.filter(({ desired }) => desired === 'running').length,
      outputs: outputs.length,
      outputs_connected: outputs.filter(({ state }) => state === 'connected').length,
      interfaces: this.interfaces,
    };
  }

  /**
   * @param {Channel[]} channels those that changed
   * @param {string[]} [removed]
   * @param {ServerEvent[]} [events]
   */
  push(channels, removed = [], events = []) {
    const news = events.length > 0 ? { events } : {};
    this.#send({ type: 'update', channels, removed, health: this.health, ...news });
  }

  /**
   * Something happened.
   * @param {string} type
   * @param {string} subject
   * @param {string} text
   */
  report(type, subject, text) {
    const event = { id: (this.events.at(-1)?.id ?? 0) + 1, time: new Date().toISOString(), type, subject, text };
    this.events.push(event);
    this.push([], [], [event]);
  }

  /** @param {object} message */
  #send(message) {
    if (this.frozen) return;
    const text = JSON.stringify(message);
    for (const peer of this.#peers) peer.send(text);
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:stream').Duplex} socket
   */
  #upgrade(request, socket) {
    if (this.frozen) return;
    if (this.token && request.headers['sec-websocket-protocol'] !== `distributor, token.${this.token}`) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    const peer = new WebSocketPeer(request, socket, () => this.#peers.delete(peer));
    this.#peers.add(peer);
    const events = this.old ? {} : { events: this.events.slice(-50) };
    peer.send(JSON.stringify({ type: 'snapshot', channels: this.channels, health: this.health, ...events }));
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(request, response) {
    if (this.frozen) return;
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    if (!pathname.startsWith('/api/')) {
      await this.#sendFile(pathname, response);
      return;
    }
    if (this.token && pathname !== '/api/health' && request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401, { 'Content-Type': 'application/json', 'WWW-Authenticate': 'Bearer' });
      response.end(JSON.stringify({ error: { code: 'unauthorized', message: 'The token is needed', field: null } }));
      return;
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    try {
      const body = text === '' ? {} : JSON.parse(text);
      if (pathname !== '/api/health') this.calls.push({ call: `${request.method} ${pathname}`, body });
      const [status, answer] = this.#route(request.method ?? '', pathname.split('/').slice(2), body, searchParams);
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, code, message, field } = error;
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ error: { code, message, field } }));
    }
  }

  /**
   * @param {string} pathname
   * @param {import('node:http').ServerResponse} response
   */
  async #sendFile(pathname, response) {
    const name = pathname === '/' ? 'index.html' : pathname.slice(1);
    const type = TYPES[extname(name)];
    const content = /^[\w-]+\.\w+$/.test(name) && type ? await readFile(join(DASHBOARD, name)).catch(() => null) : null;
    response.writeHead(content ? 200 : 404, {
      'Content-Type': content ? type : 'text/plain', 'Content-Security-Policy': CSP,
      'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache',
    });
    response.end(content ?? 'not found');
  }

  /**
   * @param {string} method
   * @param {string[]} path below /api/
   * @param {any} body
   * @param {URLSearchParams} query
   * @returns {[number, unknown?]} status and answer
   */
  #route(method, [collection, id, sub, outputId, verb, readerId], body, query) {
    if (collection === 'health') return [200, this.health];
    if (collection === 'system' && !this.old) return [200, this.system];
    if (collection === 'events' && !this.old) return [200, this.#listEvents(query)];
    if (collection !== 'channels') throw new ApiError(404, 'not_found', '', 'no such path');
    if (!id) return method === 'POST' ? [201, this.#addChannel(body)] : [200, { channels: this.channels }];
    const channel = this.channels.find((other) => other.id === id);
    if (!channel) throw new ApiError(404, 'not_found', '', 'no such channel');
    if (sub === 'start' || sub === 'stop') return [200, this.#setRunning(channel, sub === 'start')];
    if (sub === 'switch' && !this.old) return [200, this.#switchInput(channel, body)];
    if (sub === 'outputs' && !outputId) return [201, this.#addOutput(channel, body)];
    if (sub === 'outputs' && verb && this.old) throw new ApiError(404, 'not_found', '', 'no such path');
    if (sub === 'outputs' && verb) return this.#askOutput(method, channel, outputId, verb, readerId);
    if (sub === 'outputs') return this.#changeOutput(method, channel, outputId, body);
    if (method === 'PUT') return [200, this.#updateChannel(channel, body)];
    if (method !== 'DELETE') return [200, channel];
    this.channels = this.channels.filter((other) => other !== channel);
    this.push([], [id]);
    return [204];
  }

  /**
   * @param {any} body
   * @param {Channel} [self] the one that may keep its port
   */
  #checkPort({ rtp_port, rtp_ip = '0.0.0.0', backup }, self) {
    if (backup?.rtp_port === rtp_port) {
      throw new ApiError(409, 'port_in_use', 'backup.rtp_port', `port ${rtp_port} is the primary input's`);
    }
    const other = this.channels.find((channel) => channel !== self && channel.rtp_port === rtp_port
      && (channel.rtp_ip === rtp_ip || channel.rtp_ip === '0.0.0.0' || rtp_ip === '0.0.0.0'));
    if (other) throw new ApiError(409, 'port_in_use', 'rtp_port', `port ${rtp_port} is taken by channel "${other.name}"`);
  }

  get #channelFields() {
    return this.old ? OLD_CHANNEL_FIELDS : CHANNEL_FIELDS;
  }

  /** @param {URLSearchParams} query */
  #listEvents(query) {
    const after = Number(query.get('after') ?? 0);
    const events = this.events.filter(({ id }) => id > after).slice(0, Number(query.get('limit') ?? 100));
    return { newest: this.events.at(-1)?.id ?? 0, events };
  }

  /**
   * @param {Channel} channel
   * @param {any} body
   */
  #switchInput(channel, body) {
    checkFields(body, ['input'], []);
    if (!channel.backup) throw new ApiError(409, 'no_backup', '', 'the channel has no backup input');
    if (channel.desired !== 'running') throw new ApiError(409, 'not_running', '', 'the channel is not running');
    if (channel.failover?.mode === 'merge') throw new ApiError(409, 'merging', '', 'the channel merges its inputs');
    const inputs = channel.inputs ?? [];
    const chosen = inputs.find((input) => (body.input ? input.name === body.input : !input.active));
    if (chosen?.state !== 'receiving') throw new ApiError(409, 'input_dead', 'input', `The ${chosen?.name} brings no TS`);
    for (const input of inputs) input.active = input === chosen;
    this.push([channel]);
    return channel;
  }

  /** @param {any} body */
  #addChannel(body) {
    checkFields(body, this.#channelFields, ['name', 'rtp_port']);
    this.#checkPort(body);
    const channel = makeChannel(body);
    if (this.old) ageChannel(channel);
    this.channels.push(channel);
    this.push([channel]);
    return channel;
  }

  /**
   * @param {Channel} channel
   * @param {any} body
   */
  #updateChannel(channel, body) {
    checkFields(body, this.#channelFields, []);
    this.#checkPort({ ...channel, ...body }, channel);
    const failover = { ...channel.failover, ...body.failover };
    Object.assign(channel, body, this.old ? {} : { failover });
    if (!this.old) channel.inputs = makeInputs(channel);
    this.push([channel]);
    return channel;
  }

  /**
   * @param {Channel} channel
   * @param {boolean} running
   */
  #setRunning(channel, running) {
    channel.desired = running ? 'running' : 'stopped';
    channel.state = running ? 'waiting' : 'stopped';
    for (const output of channel.outputs) output.state = running && output.enabled ? 'connecting' : 'stopped';
    this.push([channel]);
    return channel;
  }

  /**
   * @param {Channel} channel
   * @param {any} body
   */
  #addOutput(channel, body) {
    checkFields(body, this.old ? OLD_OUTPUT_FIELDS : OUTPUT_FIELDS, ['url']);
    const output = makeOutput({ ...body, ...(body.stream_key ? { stream_key: '***' } : {}) });
    checkOutput(output, body);
    if (channel.desired === 'running' && output.enabled) output.state = 'connecting';
    channel.outputs.push(output);
    this.push([channel]);
    return output;
  }

  /**
   * @param {Channel} channel
   * @param {string} id
   */
  #findOutput(channel, id) {
    const output = channel.outputs.find((other) => other.id === id);
    if (!output) throw new ApiError(404, 'not_found', '', 'no such output');
    return output;
  }

  /**
   * Its history, counting anew, and its readers.
   * @param {string} method
   * @param {Channel} channel
   * @param {string} id
   * @param {string} verb
   * @param {string} readerId
   * @returns {[number, unknown?]}
   */
  #askOutput(method, channel, id, verb, readerId) {
    const output = this.#findOutput(channel, id);
    if (method === 'GET' && verb === 'history') return [200, { now: new Date().toISOString(), samples: this.samples.get(id) ?? [] }];
    if (method === 'POST' && verb === 'reset') {
      output.stats_since = new Date().toISOString();
      for (const name of OUTPUT_TOTALS) output.stats[name] = 0;
      this.push([channel]);
      return [200, output];
    }
    const reader = output.readers?.find((other) => String(other.id) === readerId);
    if (method !== 'DELETE' || verb !== 'readers' || !reader) throw new ApiError(404, 'not_found', '', 'no such reader');
    output.readers = output.readers?.filter((other) => other !== reader);
    output.reader_count = output.readers?.length;
    this.push([channel]);
    return [204];
  }

  /**
   * @param {string} method
   * @param {Channel} channel
   * @param {string} id
   * @param {any} body
   * @returns {[number, unknown?]}
   */
  #changeOutput(method, channel, id, body) {
    const output = this.#findOutput(channel, id);
    if (method === 'GET' && this.old) throw new ApiError(405, 'method_not_allowed', '', 'PUT, DELETE');
    if (method === 'GET') return [200, output];
    if (method === 'DELETE') {
      channel.outputs = channel.outputs.filter((other) => other !== output);
      this.push([channel]);
      return [204];
    }
    checkFields(body, this.old ? OLD_OUTPUT_FIELDS : OUTPUT_FIELDS, []);
    checkOutput({ ...output, ...body }, body);
    Object.assign(output, body, body.stream_key ? { stream_key: '***' } : {});
    output.warning = output.tls_verify === 'off' ? 'The server’s certificate is not verified' : null;
    if ('enabled' in body) output.state = output.enabled && channel.desired === 'running' ? 'connecting' : 'stopped';
    this.push([channel]);
    return [200, output];
  }
}
