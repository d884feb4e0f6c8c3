// @ts-check
/**
 * Counters in plain language: where the packets of a channel went, group by group, and what interfaces
 * count. A name that is not here is one that this page does not know yet; it is shown by its name.
 *
 * @typedef {object} Counter
 * @property {string} name the server's
 * @property {string} label
 * @property {'fault' | 'plain'} kind a fault that grows is marked
 * @property {boolean} always whether it is shown while it is zero
 * @property {(value: number) => string} format
 *
 * @typedef {object} CounterGroup
 * @property {string} title
 * @property {Counter[]} counters
 */

import { formatBytes, formatExact, formatMicroseconds, formatMilliseconds } from './format.js';

/**
 * @param {string} name
 * @param {string} label
 * @param {Partial<Counter>} [more]
 * @returns {Counter}
 */
export function plain(name, label, more) {
  return { name, label, kind: 'plain', always: false, format: formatExact, ...more };
}

/**
 * @param {string} name
 * @param {string} label
 * @param {Partial<Counter>} [more]
 */
export function fault(name, label, more) {
  return plain(name, label, { kind: 'fault', ...more });
}

const ALWAYS = { always: true };

/** @type {CounterGroup[]} */
export const COUNTER_GROUPS = [
  { title: 'Received and passed on', counters: [
    plain('datagrams_received', 'Datagrams received', ALWAYS),
    plain('rtp_received', 'RTP packets received'),
    plain('path0_received', '… by the primary input'),
    plain('path1_received', '… by the backup input'),
    plain('rtp_emitted', 'RTP packets passed on', ALWAYS),
    plain('bytes_received', 'TS passed on', { format: formatBytes }),
  ] },
  { title: 'Repaired', counters: [
    plain('rtp_recovered_fec', 'Recovered by FEC', ALWAYS),
    plain('path0_only', 'Merged: brought by the primary alone'),
    plain('path1_only', 'Merged: brought by the backup alone'),
    plain('path0_first', 'Brought by the primary first'),
    plain('path1_first', 'Brought by the backup first'),
    fault('rtp_reordered', 'Put back in order', ALWAYS),
  ] },
  { title: 'Lost', counters: [
    fault('rtp_lost', 'Lost on the network', ALWAYS),
    fault('dropped_socket', 'Kernel socket’s queue was full', ALWAYS),
    fault('rtp_late', 'Came after they were given up'),
  ] },
  { title: 'Dropped', counters: [
    plain('rtp_duplicates', 'Duplicates', ALWAYS),
    fault('dropped_stranger', 'Of senders that are not allowed', ALWAYS),
    fault('dropped_rate', 'Over the rate ceiling', ALWAYS),
    fault('rtp_stray', 'Of another source or place in the stream'),
  ] },
  { title: 'Malformed', counters: [
    fault('rejected_truncated', 'Shorter than their headers'),
    fault('rejected_version', 'Neither RTP nor TS'),
    fault('rejected_padding', 'Padding longer than the payload'),
    fault('rejected_size', 'Payload no multiple of 188 bytes'),
    fault('rejected_sync', 'Payload without TS sync bytes'),
    fault('rtp_malformed', 'No RTP, or no TS in it'),
  ] },
  { title: 'FEC packets', counters: [
    plain('fec_received', 'Received'),
    plain('fec_used', 'Recovered a packet'),
    plain('fec_unneeded', 'Nothing to recover'),
    fault('fec_unused', 'Too much missing to help'),
    fault('fec_late', 'Packets recovered too late'),
    fault('fec_wrong', 'Contradicted the stream'),
    fault('fec_stray', 'Far off the stream, or ignored'),
    fault('fec_malformed_size', 'Malformed: size'),
    fault('fec_malformed_version', 'Malformed: version'),
    fault('fec_malformed_header', 'Malformed: header'),
    fault('fec_malformed_direction', 'Malformed: row or column'),
    fault('fec_malformed_matrix', 'Malformed: matrix'),
    plain('fec_changes', 'Changes of the matrix'),
    plain('fec_held', 'Kept, may still help'),
  ] },
  { title: 'Taken apart for RTMP', counters: [
    plain('video_frames', 'Video frames'),
    plain('audio_frames', 'Audio frames'),
    fault('damaged_units', 'Frames dropped: packets were missing'),
    fault('malformed_units', 'Frames dropped: not readable'),
    fault('untimed_units', 'Frames dropped: without a time'),
    fault('discontinuities', 'Continuity errors'),
    fault('ignored_packets', 'TS packets ignored: faulty or scrambled'),
    fault('clock_jumps', 'Jumps of the clock, bridged'),
    plain('unsupported_streams', 'Streams that RTMP outputs cannot get'),
  ] },
  { title: 'Stream', counters: [
    plain('rtp_jitter_us', 'Jitter (RFC 3550)', { format: formatMicroseconds }),
    plain('rtp_hold_ms', 'Longest wait for a missing packet', { format: formatMilliseconds, ...ALWAYS }),
    plain('rtp_held', 'Packets waiting now'),
    plain('input_switches', 'Switches between the inputs'),
    plain('packets_inserted', 'TS packets that announce a switch'),
    plain('rtp_memory_bytes', 'Memory for packets', { format: formatBytes }),
    fault('rtp_restarts', 'Restarts of the source'),
  ] },
];

/** Of an interface and of its queues. @type {Record<string, string>} */
const INTERFACE_LABELS = {
  queue: 'Queue',
  mode: 'Mode',
  frames: 'Frames of memory',
  frames_received: 'Received',
  rx_dropped: 'Dropped',
  rx_ring_full: 'Ring full',
  rx_fill_ring_empty: 'Fill ring empty',
  redirected: 'To the channels',
  drop_stranger: 'Dropped: of senders that are not allowed',
  drop_rate: 'Dropped: over the rate ceiling',
  pass_no_socket: 'To the kernel: queue without a socket',
  pass_no_rule: 'To the kernel: port of no channel',
  pass_not_udp: 'To the kernel: not UDP',
  pass_not_ip: 'To the kernel: not IP',
  pass_fragment: 'To the kernel: fragment',
  pass_malformed: 'To the kernel: malformed',
  pass_too_big: 'To the kernel: too big',
  rx_packets: 'Packets received',
  rx_bytes: 'Bytes received',
  rx_errors: 'Faulty packets',
  rx_missed: 'Missed for want of room',
};

/** The histogram of the time between packets: one counter for each range, "le" up to, "gt" over a limit. */
const ARRIVAL = /^arrival_(le|gt)_(\d+)(us|ms|s)$/;

/** What has a place of its own. */
const ELSEWHERE = ['bitrate_bps', 'fec_columns', 'fec_rows'];

const KNOWN = new Map(COUNTER_GROUPS.flatMap(({ counters }) => counters).map((counter) => [counter.name, counter]));

/** @param {string} name */
export function counterLabel(name) {
  return KNOWN.get(name)?.label ?? INTERFACE_LABELS[name] ?? name;
}

/**
 * Counters that this page does not know.
 * @param {import('./types.js').Stats} stats
 */
export function unknownCounters(stats) {
  return Object.keys(stats)
    .filter((name) => !KNOWN.has(name) && !ELSEWHERE.includes(name) && !ARRIVAL.test(name))
    .map((name) => plain(name, name));
}

/**
 * The ranges of the histogram, in the server's order: "arrival_le_500us" is "up to 500 µs".
 * @param {import('./types.js').Stats} stats
 */
export function arrivalRanges(stats) {
  return Object.entries(stats).flatMap(([name, count]) => {
    const [, side, digits, unit] = ARRIVAL.exec(name) ?? [];
    if (!side) return [];
    return [{ name, count, label: `${side === 'le' ? 'up to' : 'over'} ${digits}\u00a0${unit.replace('us', 'µs')}` }];
  });
}
