// @ts-check
/**
 * The dashboard with a fake plant behind it, to look at: node demo.mjs [--port 8080] [--channels 40]
 * Bit rates move once a second, and one channel changes its input now and then.
 */

import { makePlant } from './fake-data.mjs';
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
