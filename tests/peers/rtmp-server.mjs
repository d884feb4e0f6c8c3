/*
 * node-media-server as an RTMP server that records: rtmp-server.mjs PORT FOLDER, on 127.0.0.1. A publisher to
 * /live/KEY leaves FOLDER/record/live/KEY/TIME.flv.
 */
import path from 'node:path';
import NodeMediaServer from 'node-media-server';

const [port, folder] = process.argv.slice(2);

new NodeMediaServer({
  bind: '127.0.0.1',
  rtmp: { port: Number(port) },
  record: { path: path.join(folder, 'record'), auto: true },
  store: { path: path.join(folder, 'store') },
}).run();
