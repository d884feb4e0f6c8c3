// @ts-check
/**
 * The server's side of a WebSocket (RFC 6455), as little of it as the page tests need: text out; of
 * what comes in, close and ping are answered and the rest is dropped.
 */

import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'; /* section 1.3 */
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/**
 * One unmasked frame, section 5.2.
 * @param {number} opcode
 * @param {Buffer} payload
 */
function frame(opcode, payload) {
  let head;
  if (payload.length < 126) {
    head = Buffer.from([0x80 | opcode, payload.length]);
  } else if (payload.length < 65536) {
    head = Buffer.from([0x80 | opcode, 126, 0, 0]);
    head.writeUInt16BE(payload.length, 2);
  } else {
    head = Buffer.alloc(10);
    head[0] = 0x80 | opcode;
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
}

/**
 * The first frame of a client, unmasked, or null while it is incomplete. Clients of these tests send
 * control frames only, so 125 bytes are the longest.
 * @param {Buffer} bytes
 */
function parseControl(bytes) {
  if (bytes.length < 6) return null;
  const length = bytes[1] & 0x7f;
  const size = 6 + length;
  if (bytes.length < size) return null;
  const mask = bytes.subarray(2, 6);
  const payload = Buffer.from(bytes.subarray(6, size).map((byte, i) => byte ^ mask[i % 4]));
  return { opcode: bytes[0] & 0x0f, payload, size };
}

export class WebSocketPeer {
  #socket;
  #pending = Buffer.alloc(0);

  /**
   * Answers the upgrade request and takes the connection over.
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:stream').Duplex} socket
   * @param {() => void} onClose
   */
  constructor(request, socket, onClose) {
    this.#socket = socket;
    const key = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
      + (request.headers['sec-websocket-protocol']?.startsWith('distributor,') ? 'Sec-WebSocket-Protocol: distributor\r\n' : '')
      + `Sec-WebSocket-Accept: ${key}\r\n\r\n`);
    socket.on('data', (data) => this.#receive(data));
    socket.on('error', () => socket.destroy());
    socket.on('close', onClose);
  }

  /** @param {string} text */
  send(text) {
    if (!this.#socket.destroyed) this.#socket.write(frame(TEXT, Buffer.from(text)));
  }

  /** @param {Buffer} data */
  #receive(data) {
    this.#pending = Buffer.concat([this.#pending, data]);
    for (let next = parseControl(this.#pending); next; next = parseControl(this.#pending)) {
      this.#pending = this.#pending.subarray(next.size);
      if (next.opcode === PING) this.#socket.write(frame(PONG, next.payload));
      if (next.opcode === CLOSE) this.#socket.end(frame(CLOSE, next.payload));
    }
  }
}
