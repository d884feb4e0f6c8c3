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
import { makeChannel, makeOutput } from './fake-data.mjs';
import { WebSocketPeer } from './websocket.mjs';

/**
 * @typedef {import('../../dashboard/types.js').Channel} Channel
 * @typedef {import('../../dashboard/types.js').Output} Output
 * @typedef {import('../../dashboard/types.js').Interface} Interface
 */

const DASHBOARD = fileURLToPath(new URL('../../dashboard/', import.meta.url));
const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
});
const CSP = "default-src 'self'; connect-src 'self' ws: wss:";

class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} field
   * @param {string} message
   */
  constructor(status, code, field, message) {
    super(message);
    Object.assign(this, { status, code, field });
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** The type that each field must have. @type {Record<string, string>} */
const FIELD_TYPES = {
  name: 'string', rtp_ip: 'string', rtp_port: 'number', autostart: 'boolean', url: 'string', enabled: 'boolean',
};
const CHANNEL_FIELDS = ['name', 'rtp_ip', 'rtp_port', 'autostart'];
const OUTPUT_FIELDS = ['name', 'url', 'enabled'];

/**
 * @param {Record<string, any>} body
 * @param {string[]} known
 * @param {string[]} required
 */
function checkFields(body, known, required) {
  for (const [name, value] of Object.entries(body)) {
    if (!known.includes(name)) throw new ApiError(422, 'unknown_field', name, `unknown field ${name}`);
    if (typeof value !== FIELD_TYPES[name]) throw new ApiError(422, 'invalid_type', name, `${name} must be a ${FIELD_TYPES[name]}`);
  }
  for (const name of required) {
    if (!(name in body)) throw new ApiError(422, 'missing_field', name, `${name} is required`);
  }
  if ('name' in body && (body.name === '' || [...body.name].length > 128)) {
    throw new ApiError(422, 'invalid_value', 'name', 'name must have 1 to 128 characters');
  }
  if ('url' in body && !/^(srt|rtmps?):\/\/[^/:?]+(:\d+)?/.test(body.url)) {
    throw new ApiError(422, 'invalid_url', 'url', 'the URL must begin with srt://, rtmp:// or rtmps:// and name a host');
  }
  if ('rtp_ip' in body && !/^[\d.]+$|:/.test(body.rtp_ip)) {
    throw new ApiError(422, 'invalid_value', 'rtp_ip', 'rtp_ip must be an IPv4 or IPv6 address');
  }
}

export class FakeServer {
  /** @type {Channel[]} */
  channels = [];
  /** @type {Interface[]} */
  interfaces = [{ name: 'eth1', mode: 'xdp', queues: 4, reason: '', rx_dropped: 0, rx_ring_full: 0 }];
  /** Every REST call: "PUT /api/channels/…", with its body. @type {{call: string, body: any}[]} */
  calls = [];
  /** While true nothing is answered, as behind a cable that was pulled. */
  frozen = false;
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
   */
  push(channels, removed = []) {
    this.#send({ type: 'update', channels, removed, health: this.health });
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
    const peer = new WebSocketPeer(request, socket, () => this.#peers.delete(peer));
    this.#peers.add(peer);
    peer.send(JSON.stringify({ type: 'snapshot', channels: this.channels, health: this.health }));
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(request, response) {
    if (this.frozen) return;
    const { pathname } = new URL(request.url ?? '/', this.url);
    if (!pathname.startsWith('/api/')) {
      await this.#sendFile(pathname, response);
      return;
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    try {
      const body = text === '' ? {} : JSON.parse(text);
      this.calls.push({ call: `${request.method} ${pathname}`, body });
      const [status, answer] = this.#route(request.method ?? '', pathname.split('/').slice(2), body);
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
   * @returns {[number, unknown?]} status and answer
   */
  #route(method, [collection, id, sub, outputId], body) {
    if (collection === 'health') return [200, this.health];
    if (collection !== 'channels') throw new ApiError(404, 'not_found', '', 'no such path');
    if (!id) return method === 'POST' ? [201, this.#addChannel(body)] : [200, { channels: this.channels }];
    const channel = this.channels.find((other) => other.id === id);
    if (!channel) throw new ApiError(404, 'not_found', '', 'no such channel');
    if (sub === 'start' || sub === 'stop') return [200, this.#setRunning(channel, sub === 'start')];
    if (sub === 'outputs' && !outputId) return [201, this.#addOutput(channel, body)];
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
  #checkPort({ rtp_port, rtp_ip = '0.0.0.0' }, self) {
    if (!Number.isInteger(rtp_port) || rtp_port < 1 || rtp_port > 65535) {
      throw new ApiError(422, 'invalid_value', 'rtp_port', 'rtp_port must be 1 to 65535');
    }
    const other = this.channels.find((channel) => channel !== self && channel.rtp_port === rtp_port
      && (channel.rtp_ip === rtp_ip || channel.rtp_ip === '0.0.0.0' || rtp_ip === '0.0.0.0'));
    if (other) throw new ApiError(409, 'port_in_use', 'rtp_port', `port ${rtp_port} is taken by channel "${other.name}"`);
  }

  /** @param {any} body */
  #addChannel(body) {
    checkFields(body, CHANNEL_FIELDS, ['name', 'rtp_port']);
    this.#checkPort(body);
    const channel = makeChannel(body);
    this.channels.push(channel);
    this.push([channel]);
    return channel;
  }

  /**
   * @param {Channel} channel
   * @param {any} body
   */
  #updateChannel(channel, body) {
    checkFields(body, CHANNEL_FIELDS, []);
    this.#checkPort({ ...channel, ...body }, channel);
    Object.assign(channel, body);
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
    checkFields(body, OUTPUT_FIELDS, ['url']);
    const output = makeOutput(body);
    if (channel.desired === 'running' && output.enabled) output.state = 'connecting';
    channel.outputs.push(output);
    this.push([channel]);
    return output;
  }

  /**
   * @param {string} method
   * @param {Channel} channel
   * @param {string} id
   * @param {any} body
   * @returns {[number, unknown?]}
   */
  #changeOutput(method, channel, id, body) {
    const output = channel.outputs.find((other) => other.id === id);
    if (!output) throw new ApiError(404, 'not_found', '', 'no such output');
    if (method === 'DELETE') {
      channel.outputs = channel.outputs.filter((other) => other !== output);
      this.push([channel]);
      return [204];
    }
    checkFields(body, OUTPUT_FIELDS, []);
    Object.assign(output, body);
    if ('enabled' in body) output.state = output.enabled && channel.desired === 'running' ? 'connecting' : 'stopped';
    this.push([channel]);
    return [200, output];
  }
}
