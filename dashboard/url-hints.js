// @ts-check
/** What an output's URL looks like, by kind: an example, and the options that matter most. */

/**
 * @typedef {object} UrlHint
 * @property {string} kind
 * @property {string} example
 * @property {string} note
 * @property {(scheme: string, mode: string) => boolean} matches mode: of SRT
 */

const SECURITY = 'passphrase (10 to 79 characters), pbkeylen=16, 24 or 32';

/** @type {UrlHint[]} */
export const URL_HINTS = [
  {
    kind: 'SRT, calls a listener',
    example: 'srt://host:9000?latency=200&passphrase=…&streamid=…',
    note: `latency in ms (120), ${SECURITY}, streamid, localport, adapter.`,
    matches: (scheme, mode) => scheme === 'srt' && !['listener', 'server', 'rendezvous'].includes(mode),
  },
  {
    kind: 'SRT, readers call here',
    example: 'srt://:9000?mode=listener&passphrase=…&maxreaders=8&sources=10.0.0.0/8',
    note: `Without a host on every IPv4 address. maxreaders up to 64, sources: who may read; ${SECURITY}. Listeners share a port when each has a streamid of its own.`,
    matches: (scheme, mode) => scheme === 'srt' && ['listener', 'server'].includes(mode),
  },
  {
    kind: 'SRT rendezvous',
    example: 'srt://host:9000?mode=rendezvous&latency=200',
    note: `Both ends call each other, from and to the same port. latency in ms, ${SECURITY}, adapter.`,
    matches: (scheme, mode) => scheme === 'srt' && mode === 'rendezvous',
  },
  {
    kind: 'RTP, with FEC if wanted',
    example: 'rtp://239.1.1.1:5000?ttl=8&interface=eth1&fec_columns=10&fec_rows=5',
    note: 'An address or a multicast group. ttl, interface, adapter, localport, burst; FEC (SMPTE 2022-1) goes to port + 2, with fec_mode=both to port + 4 too.',
    matches: (scheme) => scheme === 'rtp',
  },
  {
    kind: 'TS over UDP',
    example: 'udp://239.1.1.1:5000?ttl=8&interface=eth1',
    note: 'An address or a multicast group. ttl, interface, adapter, localport, pkt_size, burst.',
    matches: (scheme) => scheme === 'udp',
  },
  {
    kind: 'RTMP',
    example: 'rtmps://host/app/stream-key',
    note: 'The last part is the stream key, a secret; it may be given apart below. rtmps:// encrypts, and verifies the server.',
    matches: (scheme) => /^rtmps?$/.test(scheme),
  },
];

/**
 * What fits the text so far: one kind once it can be told, all of them before.
 * @param {string} text
 */
export function hintsFor(text) {
  const [, scheme, host = '', query] = /^\s*(\w+):\/\/([^:?]*)[^?]*\??(.*)$/.exec(text) ?? [];
  if (scheme === undefined) return URL_HINTS;
  // Without a host nobody can be called.
  const mode = new URLSearchParams(query).get('mode') ?? (host === '' ? 'listener' : 'caller');
  const found = URL_HINTS.filter((hint) => hint.matches(scheme.toLowerCase(), mode));
  return found.length > 0 ? found : URL_HINTS;
}
