/*
 * A client of the WebSocket (RFC 6455) that takes text messages; nothing else comes that matters here.
 */
const HEADERS = {
  Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** @param {import('./api-contract.mjs').Contract} contract @param {object} [headers] besides */
export async function openSocket(contract, headers) {
  const answer = await contract.call('GET', '/ws', { headers: { ...HEADERS, ...headers } });
  return answer.status === 101 ? { ...answer, messages: new Messages(answer.socket, answer.head) } : answer;
}

class Messages {
  #bytes;
  #waiting = null;

  constructor(socket, head) {
    this.#bytes = head;
    this.socket = socket;
    socket.on('data', (data) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
      this.#waiting?.();
    });
    socket.on('error', () => this.#waiting?.());
  }

  /** The first frame's text taken out, or null. */
  #take() {
    if (this.#bytes.length < 2) return null;
    let size = this.#bytes[1] & 0x7f;
    const head = size < 126 ? 2 : size === 126 ? 4 : 10;
    if (this.#bytes.length < head) return null;
    if (size === 126) size = this.#bytes.readUInt16BE(2);
    if (size === 127) size = Number(this.#bytes.readBigUInt64BE(2));
    if (this.#bytes.length < head + size) return null;
    const text = this.#bytes.subarray(head, head + size).toString();
    this.#bytes = this.#bytes.subarray(head + size);
    return text;
  }

  /** The next message, parsed. */
  async next(timeoutMs = 30000) {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const text = this.#take();
      if (text !== null) return JSON.parse(text);
      if (Date.now() >= until) throw new Error('no message');
      await new Promise((resolve) => {
        this.#waiting = resolve;
        setTimeout(resolve, 100);
      });
    }
  }
}
