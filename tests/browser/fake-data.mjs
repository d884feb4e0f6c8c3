// @ts-check
/** Channels and outputs for the fake server: empty ones, and a plausible plant full of them. */

import { randomUUID } from 'node:crypto';

/**
 * @typedef {import('../../dashboard/types.js').Channel} Channel
 * @typedef {import('../../dashboard/types.js').Output} Output
 * @typedef {import('../../dashboard/types.js').Input} Input
 * @typedef {import('../../dashboard/types.js').Stats} Stats
 * @typedef {import('../../dashboard/types.js').System} System
 */

const CHANNEL_COUNTERS = [
  'datagrams_received', 'bytes_received', 'bitrate_bps', 'rtp_received', 'rtp_emitted', 'rtp_lost', 'rtp_recovered_fec',
  'rtp_reordered', 'rtp_duplicates', 'rtp_late', 'rtp_stray', 'rtp_restarts', 'rtp_hold_ms', 'path0_received',
  'path0_only', 'path1_received', 'path1_only', 'fec_received', 'fec_used', 'fec_columns', 'fec_rows',
  'dropped_stranger', 'dropped_rate', 'dropped_socket',
  'rejected_truncated', 'rejected_version', 'rejected_padding', 'rejected_size', 'rejected_sync',
];
const OUTPUT_COUNTERS = ['bytes_sent', 'bitrate_bps', 'packets_lost', 'reconnects'];
/** What each kind has besides. @type {Record<string, string[]>} */
const KIND_COUNTERS = {
  srt: [
    'pktSentUniqueTotal', 'byteSentUniqueTotal', 'pktRetransTotal', 'byteRetransTotal', 'pktSndLossTotal', 'pktRecvNAKTotal',
    'pktRecvACKTotal', 'byteSndDropTotal', 'msRTT', 'mbpsSendRate', 'mbpsBandwidth', 'mbpsMaxBW', 'pktFlightSize',
    'pktFlowWindow', 'pktSndBuf', 'msSndBuf', 'msSndTsbPdDelay', 'byteAvailSndBuf',
  ],
  rtmp: ['frames_dropped'], rtmps: ['frames_dropped'],
  udp: ['datagrams_sent', 'fec_sent', 'send_errors'], rtp: ['datagrams_sent', 'fec_sent', 'send_errors'],
};
/** Those that a reset takes back to 0. */
export const OUTPUT_TOTALS = ['bytes_sent', 'packets_lost', 'reconnects', 'pktSndLossTotal', 'pktRetransTotal', 'byteSndDropTotal'];

/** @param {string[]} names @returns {Stats} */
const zeros = (names) => Object.fromEntries(names.map((name) => [name, 0]));

/** @param {Partial<Output> & {url: string}} fields @returns {Output} */
export function makeOutput(fields) {
  const [, scheme = '', host = ''] = /^(\w+):\/\/([^:/?]*)/.exec(fields.url) ?? [];
  const rtmp = /^rtmps?$/.test(scheme)
    ? { stream_key: null, audio: '0', hevc: /** @type {const} */ ('enhanced'), cues: /** @type {const} */ ('off'), backlog_ms: 4000 } : {};
  const tls = scheme === 'rtmps' ? { tls_verify: /** @type {const} */ ('on'), tls_ca: null } : {};
  const readers = fields.url.includes('mode=listener') ? { reader_count: 0, readers: [] } : {};
  return {
    id: randomUUID(), name: `${scheme}://${host}`, enabled: true, state: 'stopped', last_error: null,
    note: null, warning: null, retry_in_ms: 0, reconnects: 0, connected_at: null, stats_since: null, ...rtmp, ...tls, ...readers, ...fields,
    stats: { ...zeros([...OUTPUT_COUNTERS, ...KIND_COUNTERS[scheme] ?? []]), ...fields.stats },
  };
}

/**
 * Ten minutes of an SRT output with a bad spell in the middle, or without one.
 * @param {number} bitrate
 * @param {boolean} [bad]
 * @returns {import('../../dashboard/types.js').Sample[]}
 */
export function makeSamples(bitrate, bad = true) {
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: 600 }, (_, i) => {
    const spell = bad && i > 240 && i < 320 ? Math.sin(((i - 240) / 80) * Math.PI) : 0;
    return {
      at: new Date((now - 599 + i) * 1000).toISOString(), msRTT: 38 + (i % 7) / 3 + 90 * spell,
      msSndBuf: Math.round(45 + (i % 5) + 260 * spell), pktRetrans: Math.round(40 * spell + (i % 61 === 0 ? 2 : 0)),
      pktSndLoss: Math.round(40 * spell), bitrate_bps: Math.round(bitrate * (0.99 + (i % 9) / 450)),
    };
  });
}

/** @param {number} id @param {string} [stream_id] @returns {import('../../dashboard/types.js').Reader} */
export function makeReader(id, stream_id = '') {
  return {
    id, address: `198.51.100.${id}:${40_000 + id}`, stream_id: stream_id || null,
    connected_at: new Date(Date.now() - id * 754_000).toISOString(),
    stats: { bytes_sent: 471_250_000 * id, packets_lost: 0, pktRetransTotal: 12 * id, pktSndLossTotal: 11 * id, byteSndDropTotal: 0, msRTT: 21.4 * id, msSndBuf: 22 * id },
  };
}

/** @param {Partial<Channel> & {name: string, rtp_port: number}} fields @returns {Channel} */
export function makeChannel(fields) {
  /** @type {Channel} */
  const channel = {
    id: randomUUID(), rtp_ip: '0.0.0.0', autostart: false, created_at: new Date().toISOString(),
    reorder_ms: 50, fec: 'off', program: 0, sources: [], max_pps: 0, interface: null, backup: null,
    desired: 'stopped', state: 'stopped', last_error: null, outputs: [], ...fields,
    failover: { mode: 'failover', timeout_ms: 500, return: 'stay', stable_ms: 10_000, merge_ms: 200, ...fields.failover },
    stats: { ...zeros(CHANNEL_COUNTERS), ...fields.stats },
  };
  const backup = { rtp_ip: '0.0.0.0', sources: [], interface: null };
  if (channel.backup) channel.backup = Object.assign(backup, channel.backup);
  channel.inputs ??= makeInputs(channel);
  return channel;
}

/** The inputs in the state of their channel, the primary one active. @param {Channel} channel @returns {Input[]} */
export function makeInputs({ rtp_ip, rtp_port, backup, failover, state, stats }) {
  const runs = state !== 'stopped';
  /** @type {Input[]} */
  const inputs = [{ name: 'primary', address: `${rtp_ip}:${rtp_port}`, state, active: runs, stats: { ...stats } }];
  if (backup) {
    inputs.push({
      name: 'backup', address: `${backup.rtp_ip ?? '0.0.0.0'}:${backup.rtp_port}`, state,
      active: runs && failover?.mode === 'merge', stats: { ...stats },
    });
  }
  return inputs;
}

/** @returns {System} */
export function makeSystem() {
  return {
    version: '0.1.0', kernel: '6.12.0', architecture: 'x86_64', cpus: 8, capabilities: ['cap_net_raw', 'cap_bpf'],
    memlock: { limit_bytes: 134_217_728, umem_bytes: 67_108_864 }, ingest: { mode: 'auto', zero_copy: true, fill_ring: 8192 },
    interfaces: [{
      name: 'eth1', present: true, up: true, mtu: 1500, speed_mbps: 10_000, driver: 'ena', mode: 'xdp', reason: '',
      steps: [], preflight: [],
      queues: [0, 1, 2, 3].map((queue) => ({
        queue, mode: 'zero-copy', frames: 8192, frames_received: 308_641, rx_dropped: 0, rx_ring_full: 0, rx_fill_ring_empty: 0,
      })),
      verdicts: { redirected: 1_234_567, pass_no_rule: 89, pass_not_udp: 0 },
      link: { rx_packets: 1_234_656, rx_bytes: 1_700_000_000, rx_errors: 0, rx_dropped: 0, rx_missed: 0 },
    }],
  };
}

const NAMES = [
  'News 24', 'Sports 1', 'Sports 2', 'Parliament', 'Regional North', 'Regional South', 'Kids', 'Music Live',
  'Weather', 'Documentary', 'Movies Classic', 'Shopping', 'Radio Studio Cam', 'City Council', 'Arena Pop-up',
];

/** What is worth knowing of some outputs that work. @param {number} i @returns {Partial<Output>} */
function remarks(i) {
  const note = i % 4 === 1 ? 'not carried: MPEG-2 video (PID 256)' : null;
  const open = { tls_verify: /** @type {const} */ ('off'), warning: 'The server’s certificate is not verified: anybody on the way may read and change what is sent' };
  return { note, ...(i % 7 === 0 ? open : {}) };
}

/**
 * @param {number} i
 * @param {'connected' | 'stopped'} state
 * @param {number} bitrate
 */
function plantOutputs(i, state, bitrate) {
  const live = state === 'connected';
  const connected_at = live ? new Date(Date.now() - (i * 3217 + 95) * 1000).toISOString() : null;
  const stats = { bitrate_bps: live ? bitrate : 0, bytes_sent: live ? bitrate * (i + 1) * 220 : 0 };
  const outputs = [
    makeOutput({ name: 'CDN ingest primary', url: `srt://ingest-a.example.net:${7000 + i}?mode=caller&latency=200&passphrase=***&streamid=plant/${i}`, state, connected_at, stats }),
    makeOutput({ name: 'YouTube', url: 'rtmps://a.rtmps.example.com/live2/***', ...remarks(i), state, connected_at, stats: { ...stats, frames_dropped: i % 5 === 0 ? 12 * i : 0 } }),
  ];
  if (i % 3 === 0) {
    outputs.push(makeOutput({ name: 'Monitoring wall', url: 'srt://:9100?mode=listener&sources=10.20.0.0/16', reader_count: i % 2 === 0 ? 2 : 0, readers: i % 2 === 0 ? [makeReader(1, '#!::r=news,u=wall'), makeReader(2)] : [], enabled: i % 2 === 0, state: i % 2 === 0 ? state : 'stopped', connected_at: i % 2 === 0 ? connected_at : null, stats: i % 2 === 0 ? stats : {} }));
  }
  return outputs;
}

/** Every fifth channel has a second input, every tenth one merges it. @param {number} i @returns {Partial<Channel>} */
function plantRedundancy(i) {
  if (i % 5 !== 2) return {};
  const failover = /** @type {Channel['failover']} */ (i % 10 === 7 ? { mode: 'merge' } : {});
  return { fec: 'auto', failover, backup: { rtp_ip: '0.0.0.0', rtp_port: 25_000 + 10 * i, sources: ['10.20.0.0/16'], interface: null } };
}

/**
 * A plant with a bit of everything: mostly healthy, a few stopped, some in trouble.
 * @param {number} count
 * @returns {Channel[]}
 */
export function makePlant(count) {
  return Array.from({ length: count }, (_, i) => {
    const name = i < NAMES.length ? NAMES[i] : `${NAMES[i % NAMES.length]} (${Math.floor(i / NAMES.length) + 1})`;
    const running = i % 8 !== 5;
    const bitrate = 3_000_000 + ((i * 7919) % 90) * 100_000;
    const channel = makeChannel({
      name, rtp_port: 5000 + 10 * i, rtp_ip: i % 6 === 1 ? `239.1.${i >> 8}.${i & 255}` : '0.0.0.0',
      desired: running ? 'running' : 'stopped', state: running ? 'receiving' : 'stopped',
      stats: running ? { bitrate_bps: bitrate, bytes_received: bitrate * 500, rtp_lost: i % 7 === 0 ? 3 * i : 0, rtp_reordered: i % 11 === 3 ? 1204 : 0 } : {},
      ...plantRedundancy(i),
      outputs: plantOutputs(i, running ? 'connected' : 'stopped', bitrate),
    });
    if (running && i % 13 === 1) trouble(channel.outputs[1], 'retrying', 'connect refused (a.rtmps.example.com:443)', 7400);
    if (running && i % 17 === 3) silence(channel, { state: 'no_signal', last_error: 'no packet for 12 s' });
    if (running && i % 19 === 7) trouble(channel.outputs[0], 'error', 'the peer rejected the passphrase', 0);
    if (running && i % 23 === 6) silence(channel, { state: 'waiting' });
    return channel;
  });
}

/**
 * @param {Output} output
 * @param {'retrying' | 'error'} state
 * @param {string} last_error
 * @param {number} retry_in_ms
 */
function trouble(output, state, last_error, retry_in_ms) {
  Object.assign(output, { state, last_error, retry_in_ms, connected_at: null });
  Object.assign(output.stats, { bitrate_bps: 0, reconnects: 14 });
}

/**
 * @param {Channel} channel
 * @param {Partial<Channel>} fields
 */
function silence(channel, fields) {
  Object.assign(channel, fields);
  for (const input of channel.inputs ?? []) input.state = channel.state;
  for (const { stats } of [channel, ...channel.inputs ?? [], ...channel.outputs]) stats.bitrate_bps = 0;
}
