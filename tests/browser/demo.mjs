// @ts-check
/**
 * The dashboard with a fake plant behind it, to look at: node demo.mjs [--port 8080] [--channels 40]
 * Bit rates move once a second, and one channel changes its input now and then.
 */

import { makePlant, makeSamples } from './fake-data.mjs';
import { FakeServer } from './fake-server.mjs';

/**
 * @param {string} name
 * @param {number} fallback
 */
function option(name, fallback) {
  const index = process.argv.indexOf(name);
  return index < 0 ? fallback : Number(process.argv[index + 1]);
}

const server = new FakeServer();
server.channels = makePlant(option('--channels', 40));
server.interfaces.push({
  name: 'eth2', mode: 'udp', queues: 0, reason: 'the driver has no XDP support', rx_dropped: 0, rx_ring_full: 0,
});
server.system.interfaces.push({
  name: 'eth2', present: true, up: true, mtu: 9001, driver: 'dummy', mode: 'udp', reason: 'the driver has no XDP support',
  steps: [
    { mode: 'xdp', reason: 'the driver has no XDP support', fix: null },
    { mode: 'xdp-generic', reason: 'MTU 9001 is too large', fix: 'ip link set dev eth2 mtu 3498' },
  ],
});
server.channels.forEach(({ outputs, stats }, i) => outputs.forEach((output, j) => {
  if (output.state !== 'connected') return;
  server.samples.set(output.id, makeSamples(stats.bitrate_bps, (i + j) % 2 === 0));
  if (!output.url.startsWith('srt:')) return;
  const packets = output.stats.bytes_sent / 1316;
  Object.assign(output.stats, {
    pktSentUniqueTotal: packets, byteSentUniqueTotal: packets * 1360, pktRetransTotal: 1731, byteRetransTotal: 2_354_160,
    pktSndLossTotal: 1702, pktRecvNAKTotal: 388, pktRecvACKTotal: 51_003, msRTT: 38.214, mbpsSendRate: 5.18,
    mbpsMaxBW: 6.25, mbpsBandwidth: 812.4, pktFlightSize: 19, pktFlowWindow: 8192, pktSndBuf: 21, msSndBuf: 45,
    msSndTsbPdDelay: 200, byteAvailSndBuf: 412_000,
  });
}));
await server.start(option('--port', 8080));
console.log(server.url);

setInterval(() => {
  const live = server.channels.filter(({ state }) => state === 'receiving');
  for (const channel of live) {
    const { stats, outputs } = channel;
    stats.bitrate_bps = Math.round(stats.bitrate_bps * (0.995 + Math.random() / 100));
    stats.bytes_received += stats.bitrate_bps / 8;
    stats.datagrams_received += Math.round(stats.bitrate_bps / 8 / 1316);
    for (const input of channel.inputs ?? []) input.stats.bitrate_bps = stats.bitrate_bps;
    for (const output of outputs) {
      if (output.state !== 'connected') continue;
      output.stats.bitrate_bps = stats.bitrate_bps;
      output.stats.bytes_sent += stats.bitrate_bps / 8;
      const samples = server.samples.get(output.id) ?? [];
      samples.push(...makeSamples(stats.bitrate_bps, false).slice(-1));
    }
  }
  if (live.length > 4) live[4].stats.rtp_lost += 1;
  server.push(live);
}, 1000);

setInterval(() => {
  const channel = server.channels.find(({ inputs, failover }) => inputs?.[1]?.state === 'receiving' && failover?.mode === 'failover');
  if (!channel) return;
  for (const input of channel.inputs ?? []) input.active = !input.active;
  const active = channel.inputs?.find((input) => input.active);
  server.push([channel]);
  server.report('input_switched', channel.id, `channel "${channel.name}": switched to ${active?.name}: no TS for 500 ms`);
}, 15_000);
