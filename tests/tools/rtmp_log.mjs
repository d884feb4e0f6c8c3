// rtmp_log.mjs [ADDRESS:]PORT: an RTMP server that takes whatever is published and prints it, one JSON object a line:
//
//   {"key":"a","type":"data","time":2000,"values":["onCuePoint",{…}]}
//   {"key":"a","type":"video","time":2000,"pts":2080,"frame":"key","size":9000}     H.264, headers left out
//   {"key":"a","type":"audio","time":2005,"size":300}
//   {"key":"a","type":"end"}
//
// `key` is the stream's name, `time` the message's time stamp in ms. Written after Adobe's RTMP 1.0 and AMF0
// specifications alone, so that it judges our publisher independently.
import { createServer } from 'node:net';
import { randomBytes } from 'node:crypto';

const HANDSHAKE = 1536;
const OUT_CHUNK = 4096;
const MAX_MESSAGE = 16 * 1024 * 1024;

const CHUNK_SIZE = 1, ACKNOWLEDGEMENT_SIZE = 5, PEER_BANDWIDTH = 6;
const AUDIO = 8, VIDEO = 9, DATA = 18, COMMAND = 20;

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** AMF0, section 2. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  get done() {
    return this.at >= this.bytes.length;
  }

  text(size) {
    const text = this.bytes.toString('utf8', this.at, this.at + size);
    this.at += size;
    return text;
  }

  short() {
    this.at += 2;
    return this.bytes.readUInt16BE(this.at - 2);
  }

  /** Of a strict array: no more than there are bytes. */
  count() {
    this.at += 4;
    return Math.min(this.bytes.readUInt32BE(this.at - 4), this.bytes.length - this.at);
  }

  value() {
    const marker = this.bytes.readUInt8(this.at++);
    switch (marker) {
      case 0:
        this.at += 8;
        return this.bytes.readDoubleBE(this.at - 8);
      case 1:
        return this.bytes.readUInt8(this.at++) !== 0;
      case 2:
        return this.text(this.short());
      case 8:
        this.at += 4;
        return this.object();
      case 3:
        return this.object();
      case 10:
        return Array.from({ length: this.count() }, () => this.value());
      case 5:
      case 6:
        return null;
      default:
        throw new Error(`AMF0 marker ${marker}`);
    }
  }

  object() {
    const members = {};
    for (;;) {
      const name = this.text(this.short());
      if (name === '' && this.bytes.readUInt8(this.at) === 9) {
        this.at++;
        return members;
      }
      members[name] = this.value();
    }
  }

  all() {
    const values = [];
    while (!this.done) values.push(this.value());
    return values;
  }
}

const name = (text) => {
  const bytes = Buffer.from(text);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(bytes.length);
  return Buffer.concat([size, bytes]);
};

const encode = (value) => {
  if (value === null) return Buffer.from([5]);
  if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), name(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  const members = Object.entries(value).flatMap(([key, member]) => [name(key), encode(member)]);
  return Buffer.concat([Buffer.from([3]), ...members, Buffer.from([0, 0, 9])]);
};

class Connection {
  constructor(socket) {
    this.socket = socket;
    this.pending = Buffer.alloc(0);
    this.step = this.greet;
    this.chunk = 128;
    this.streams = new Map();
    this.key = '?';
    socket.on('data', (bytes) => this.take(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => print({ key: this.key, type: 'end' }));
  }

  /** Run the steps while they find enough bytes. A step returns how many it has used, 0: more are needed. */
  take(bytes) {
    this.pending = Buffer.concat([this.pending, bytes]);
    try {
      for (let used = 1; used > 0;) {
        used = this.step();
        this.pending = this.pending.subarray(used);
      }
    } catch (error) {
      console.error(`rtmp_log: ${error.message}`);
      this.socket.destroy();
    }
  }

  /** Section 5.2: C0 and C1 are answered by S0, S1 and S2. */
  greet() {
    if (this.pending.length < 1 + HANDSHAKE) return 0;
    const c1 = this.pending.subarray(1, 1 + HANDSHAKE);
    const s1 = Buffer.concat([Buffer.alloc(8), randomBytes(HANDSHAKE - 8)]);
    this.socket.write(Buffer.concat([Buffer.from([3]), s1, c1]));
    this.step = () => {
      if (this.pending.length < HANDSHAKE) return 0;
      this.step = this.readChunk;
      return HANDSHAKE;
    };
    return 1 + HANDSHAKE;
  }

  /** Section 5.3.1. */
  readChunk() {
    const p = this.pending;
    if (p.length < 1) return 0;
    const format = p[0] >> 6;
    let id = p[0] & 0x3f;
    let at = 1;
    if (id < 2) {
      if (p.length < 2 + id) return 0;
      id = id === 0 ? 64 + p[1] : 64 + p[1] + 256 * p[2];
      at = p[0] & 0x3f ? 3 : 2;
    }
    const header = [11, 7, 3, 0][format];
    if (p.length < at + header) return 0;
    const known = this.streams.get(id) ?? { time: 0, field: 0, delta: 0, size: 0, type: 0, body: [], have: 0 };
    const stream = { ...known };
    if (header >= 3) stream.field = p.readUIntBE(at, 3);
    if (header >= 7) {
      stream.size = p.readUIntBE(at + 3, 3);
      stream.type = p[at + 6];
    }
    at += header;
    let field = stream.field;
    if (field === 0xffffff) {
      if (p.length < at + 4) return 0;
      field = p.readUInt32BE(at);
      at += 4;
    }
    const begins = stream.have === 0;
    if (stream.size > MAX_MESSAGE) throw new Error('message too long');
    const n = Math.min(this.chunk, stream.size - stream.have);
    if (p.length < at + n) return 0;
    if (begins) {
      if (format !== 3) stream.delta = format === 0 ? 0 : field;
      stream.time = format === 0 ? field : (stream.time + stream.delta) >>> 0;
      if (format === 0) stream.delta = field;
    }
    stream.body = [...stream.body, p.subarray(at, at + n)];
    stream.have += n;
    if (stream.have === stream.size) {
      const body = Buffer.concat(stream.body);
      stream.body = [];
      stream.have = 0;
      this.streams.set(id, stream);
      this.message(stream.type, stream.time, body);
    } else {
      this.streams.set(id, stream);
    }
    return at + n;
  }

  message(type, time, body) {
    const { key } = this;
    if (type === CHUNK_SIZE) {
      this.chunk = body.readUInt32BE(0) & 0x7fffffff;
      if (this.chunk === 0) throw new Error('chunk size 0');
    } else if (type === COMMAND) {
      this.command(new Reader(body).all());
    } else if (type === DATA) {
      print({ key, type: 'data', time, values: new Reader(body).all() });
    } else if (type === AUDIO) {
      print({ key, type: 'audio', time, size: body.length });
    } else if (type === VIDEO && body[1] === 1) {
      const frame = body[0] >> 4 === 1 ? 'key' : 'inter';
      print({ key, type: 'video', time, pts: time + body.readIntBE(2, 3), frame, size: body.length });
    }
  }

  command([command, transaction, , stream]) {
    const result = (...values) => this.send(3, COMMAND, 0, ['_result', transaction, ...values]);
    if (command === 'connect') {
      this.control(ACKNOWLEDGEMENT_SIZE, [0, 0x4c, 0x4b, 0x40]);
      this.control(PEER_BANDWIDTH, [0, 0x4c, 0x4b, 0x40, 2]);
      this.control(CHUNK_SIZE, [0, 0, OUT_CHUNK >> 8, OUT_CHUNK & 0xff]);
      result({ fmsVer: 'FMS/3,0,1,123', capabilities: 31 },
        { level: 'status', code: 'NetConnection.Connect.Success', description: 'connected', objectEncoding: 0 });
    } else if (command === 'createStream') {
      result(null, 1);
    } else if (command === 'publish') {
      this.key = stream;
      this.send(5, COMMAND, 1, ['onStatus', 0, null,
        { level: 'status', code: 'NetStream.Publish.Start', description: 'publishing' }]);
    } else if (command === 'releaseStream' || command === 'FCPublish') {
      result(null, null);
    }
  }

  control(type, body) {
    this.write(2, type, 0, Buffer.from(body));
  }

  send(channel, type, stream, values) {
    this.write(channel, type, stream, Buffer.concat(values.map(encode)));
  }

  /** All messages of ours fit a chunk, the first ones one of 128 bytes or are told the size before. */
  write(channel, type, stream, body) {
    const header = Buffer.alloc(12);
    header[0] = channel;
    header.writeUIntBE(body.length, 4, 3);
    header[7] = type;
    header.writeUInt32LE(stream, 8);
    this.socket.write(Buffer.concat([header, body]));
  }
}

const [port, address = '127.0.0.1'] = (process.argv[2] ?? '1935').split(':').reverse();
createServer((socket) => new Connection(socket)).listen(Number(port), address);
