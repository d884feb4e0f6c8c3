// @ts-check
/** The counters of outputs in plain language. A name that is not here is shown by its name. */

import { fault, plain } from './counters.js';
import { formatBitrate, formatBytes, formatLatency, formatMilliseconds } from './format.js';

/** @typedef {import('./counters.js').CounterGroup} CounterGroup */

const ALWAYS = { always: true };
const BYTES = { format: formatBytes };
const MEGABITS = { format: (/** @type {number} */ megabits) => formatBitrate(megabits * 1_000_000) };

/** @type {CounterGroup[]} */
export const OUTPUT_COUNTER_GROUPS = [
  { title: 'Sent', counters: [
    plain('bytes_sent', 'Handed to the peer', { ...BYTES, ...ALWAYS }),
    plain('pktSentUniqueTotal', 'SRT packets, without repetitions', ALWAYS),
    plain('byteSentUniqueTotal', '… with their headers', BYTES),
    plain('datagrams_sent', 'Datagrams', ALWAYS),
    plain('fec_sent', 'FEC packets'),
    fault('reconnects', 'Reconnects', ALWAYS),
  ] },
  { title: 'Repaired by SRT', counters: [
    fault('pktSndLossTotal', 'Packets that the peer reported missing', ALWAYS),
    fault('pktRetransTotal', 'Packets sent again', ALWAYS),
    plain('byteRetransTotal', 'Sent again', BYTES),
    plain('pktRecvNAKTotal', 'Reports of loss (NAK)'),
  ] },
  { title: 'Lost', counters: [
    fault('byteSndDropTotal', 'Bytes given up: too late for the latency', ALWAYS),
    fault('packets_lost', 'TS packets missed: fell behind the channel', ALWAYS),
    fault('frames_dropped', 'Frames dropped: the server was slow', ALWAYS),
    fault('send_errors', 'Datagrams that the kernel refused', ALWAYS),
  ] },
  { title: 'Connection now', counters: [
    plain('msRTT', 'Round trip', { format: formatLatency, ...ALWAYS }),
    plain('rtt_ms', 'Round trip', { format: formatLatency, ...ALWAYS }),
    plain('bytes_unacknowledged', 'Sent, not acknowledged yet', BYTES),
    plain('msSndTsbPdDelay', 'Latency agreed on', { format: formatMilliseconds, ...ALWAYS }),
    plain('msSndBuf', 'Waits in the send buffer', { format: formatMilliseconds, ...ALWAYS }),
    plain('pktSndBuf', '… packets'),
    plain('byteAvailSndBuf', '… room left', BYTES),
    plain('pktFlightSize', 'Packets in flight'),
    plain('pktFlowWindow', '… at most'),
    plain('mbpsSendRate', 'Sending rate with headers', MEGABITS),
    plain('mbpsMaxBW', '… at most', MEGABITS),
    plain('mbpsBandwidth', 'Estimate of the link', MEGABITS),
    plain('pktRecvACKTotal', 'Acknowledgements'),
  ] },
];

/** What has a place of its own. */
const ELSEWHERE = ['bitrate_bps'];

const KNOWN = new Set(OUTPUT_COUNTER_GROUPS.flatMap(({ counters }) => counters).map(({ name }) => name));

/**
 * Counters that this page does not know.
 * @param {import('./types.js').Stats} stats
 */
export function unknownOutputCounters(stats) {
  return Object.keys(stats)
    .filter((name) => !KNOWN.has(name) && !ELSEWHERE.includes(name))
    .map((name) => plain(name, name));
}
