/*
 * Walk the API: api-walk.mjs OPENAPI.yaml HOST:PORT TOKEN ADDRESS INTERFACE. A source must send to port 5000 of ADDRESS and to
 * 5010, an address of an interface that XDP is attached to. Every operation is asked for what it can answer, each answer
 * held against its description; in the end nothing that is described may be left unseen. Prints TAP lines.
 */
import dgram from 'node:dgram';
import { Contract } from './api-contract.mjs';
import { openSocket } from './api-socket.mjs';

const [file, host, token, address, networkInterface] = process.argv.slice(2);
const contract = new Contract(file, host, token);
let count = 0, failures = 0;

/** @param {string} name @param {string} fault '' when all is well */
function report(name, fault) {
  count++;
  if (fault) failures++;
  console.log(`${fault ? 'not ok' : 'ok'} ${count} - ${name}${fault ? `\n  ${fault.slice(0, 2000)}` : ''}`);
}

/** An answer of this status and, of errors, this code. */
async function expect(status, method, path, options = {}) {
  const answer = await contract.call(method, path, options);
  let fault = answer.fault;
  if (!fault && answer.status !== status) fault = `${answer.status} instead of ${status}: ${answer.text}`;
  if (!fault && options.code && answer.json.error.code !== options.code)
    fault = `${answer.json.error.code} instead of ${options.code}: ${answer.text}`;
  report(`${method} ${path}${options.query ?? ''}: ${status}${options.code ? ` ${options.code}` : ''}`, fault);
  return answer.json;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ask until the answer is right, at most 60 s. */
async function until(what, path, ids, right) {
  const deadline = Date.now() + 60000;
  for (;;) {
    const answer = await contract.call('GET', path, { ids });
    if (answer.fault || right(answer.json)) {
      report(what, answer.fault);
      return answer.json;
    }
    if (Date.now() > deadline) {
      report(what, `not within 60 s: ${answer.text}`);
      return answer.json;
    }
    await pause(200);
  }
}

const CHANNELS = '/api/channels', CHANNEL = '/api/channels/{id}';
const OUTPUTS = `${CHANNEL}/outputs`, OUTPUT = `${OUTPUTS}/{output_id}`, READER = `${OUTPUT}/readers/{reader_id}`;
const UNKNOWN = { id: 'nobody', output_id: 'nobody', reader_id: 1 };
const WITH_BODY = [['POST', CHANNELS], ['PUT', '/api/config'], ['PUT', CHANNEL], ['POST', `${CHANNEL}/switch`], ['POST', OUTPUTS], ['PUT', OUTPUT]];

/** A running channel with everything, and readers. */
async function walkRunning() {
  const channel = await expect(201, 'POST', CHANNELS, { body: {
    name: 'All "fields" \\ é', rtp_ip: '0.0.0.0', rtp_port: 5000, sources: ['10.77.0.0/16', '2001:db8::1'], interface: null,
    backup: { rtp_ip: '0.0.0.0', rtp_port: 5010, sources: [], interface: null },
    failover: { mode: 'failover', timeout_ms: 5000, return: 'stay', stable_ms: 1000, merge_ms: 100 },
    max_pps: 100000, reorder_ms: 20, program: 0, fec: 'auto', autostart: true,
    outputs: [
      { name: 'reader', url: 'srt://127.0.0.1:6000?latency=50&passphrase=0123456789', enabled: true },
      { url: 'srt://127.0.0.1:6001?mode=listener' },
      { url: 'rtmps://127.0.0.1:6002/app', stream_key: 'secret', audio: 'eng:1', hevc: 'legacy', cues: 'youtube',
        backlog_ms: 500, tls_verify: 'off', tls_ca: null },
      { url: 'rtmp://127.0.0.1:6003/app/secret' }, { url: 'udp://127.0.0.1:6004' },
      { url: 'rtp://127.0.0.1:6005?fec_columns=5&fec_rows=5', enabled: false },
    ] } });
  const ids = { id: channel.id };
  const [caller, listener] = channel.outputs.map((output) => output.id);
  await expect(200, 'POST', `${CHANNEL}/start`, { ids });
  await until('the channel receives', CHANNEL, ids, (c) => c.inputs.every((i) => i.state === 'receiving'));
  const withReader = await until('somebody reads from the listener', OUTPUT, { ...ids, output_id: listener },
    (o) => o.reader_count === 1 && o.readers.length === 1);
  await until('an SRT output is connected', OUTPUT, { ...ids, output_id: listener }, (o) => o.state === 'connected');
  await until('there is history', `${OUTPUT}/history`, { ...ids, output_id: listener }, (h) => h.samples.length > 1);
  await expect(200, 'GET', CHANNELS);
  await expect(200, 'GET', '/api/health');
  await expect(200, 'GET', '/api/events');
  await expect(200, 'POST', `${CHANNEL}/switch`, { ids, body: {} });
  await expect(200, 'POST', `${CHANNEL}/switch`, { ids, body: { input: 'primary' } });
  await expect(200, 'POST', `${OUTPUT}/reset`, { ids: { ...ids, output_id: caller } });
  await expect(204, 'DELETE', READER, { ids: { ...ids, output_id: listener, reader_id: withReader.readers[0].id } });
  await expect(404, 'DELETE', READER, { ids: { ...ids, output_id: listener, reader_id: 4294967295 }, code: 'not_found' });
  await walkOutputs(ids, channel);
  await expect(409, 'PUT', CHANNEL, { ids, body: { rtp_ip: address }, code: 'channel_running' });
  await expect(200, 'PUT', CHANNEL, { ids, body: { failover: { mode: 'merge' }, max_pps: 0 } });
  await expect(200, 'GET', CHANNEL, { ids });
  await expect(409, 'POST', `${CHANNEL}/switch`, { ids, body: {}, code: 'merging' });
  return ids;
}

/** @param {any} ids @param {any} channel */
async function walkOutputs(ids, channel) {
  const url = 'srt://127.0.0.1:6010';
  const output = await expect(201, 'POST', OUTPUTS, { ids, body: { url, name: 'x', enabled: false } });
  const of = { ...ids, output_id: output.id };
  await expect(200, 'GET', OUTPUT, { ids: of });
  await expect(200, 'PUT', OUTPUT, { ids: of, body: { url: 'rtmp://h/app', stream_key: 'k', audio: '1' } });
  await expect(200, 'PUT', OUTPUT, { ids: of, body: { stream_key: '***', cues: 'onadcue' } });
  const taken = 'srt://0.0.0.0:5000?mode=listener';
  await expect(409, 'PUT', OUTPUT, { ids: of, body: { url: taken }, code: 'port_in_use' });
  await expect(409, 'POST', OUTPUTS, { ids, body: { url: taken }, code: 'port_in_use' });
  await expect(422, 'PUT', OUTPUT, { ids: of, body: { url: 'srt://h' }, code: 'invalid_url' });
  await expect(422, 'POST', OUTPUTS, { ids, body: {}, code: 'missing_field' });
  await expect(200, 'PUT', CHANNEL, { ids, body: { outputs: [...channel.outputs.map(({ id }) => ({ id })), { url }] } });
  await expect(404, 'GET', OUTPUT, { ids: of, code: 'not_found' });
  await expect(204, 'DELETE', OUTPUT, { ids: { ...ids, output_id: channel.outputs[5].id } });
  for (const [method, path] of [['PUT', OUTPUT], ['DELETE', OUTPUT], ['GET', `${OUTPUT}/history`], ['POST', `${OUTPUT}/reset`]])
    await expect(404, method, path, { ids: of, ...(method === 'PUT' && { body: {} }), code: 'not_found' });
}

/** What channels refuse. @param {any} running ids of a channel that has port 5000 */
async function walkRefusals(running) {
  const channel = await expect(201, 'POST', CHANNELS, { body: { name: 'Least', rtp_port: 5100 } });
  const ids = { id: channel.id };
  await expect(422, 'POST', CHANNELS, { body: { name: 'x' }, code: 'missing_field' });
  await expect(422, 'POST', CHANNELS, { body: { name: 'x', rtp_port: 1, y: 1 }, code: 'unknown_field' });
  await expect(422, 'POST', CHANNELS, { body: { name: 1, rtp_port: 1 }, code: 'invalid_type' });
  await expect(422, 'PUT', CHANNEL, { ids, body: { reorder_ms: 1001 }, code: 'invalid_value' });
  await expect(409, 'POST', CHANNELS, { body: { name: 'x', rtp_port: 5000 }, code: 'port_in_use' });
  await expect(409, 'PUT', CHANNEL, { ids, body: { rtp_port: 5010 }, code: 'port_in_use' });
  const outputs = Array.from({ length: 257 }, () => ({ url: 'udp://127.0.0.1:6100' }));
  await expect(409, 'PUT', CHANNEL, { ids, body: { outputs }, code: 'limit' });
  await expect(422, 'POST', `${CHANNEL}/switch`, { ids, body: { input: 'both' }, code: 'invalid_value' });
  await expect(409, 'POST', `${CHANNEL}/switch`, { ids, body: {}, code: 'no_backup' });
  await expect(200, 'PUT', CHANNEL, { ids, body: { backup: { rtp_port: 5110 } } });
  await expect(409, 'POST', `${CHANNEL}/switch`, { ids, body: {}, code: 'not_running' });
  await expect(200, 'POST', `${CHANNEL}/start`, { ids });
  await expect(409, 'POST', `${CHANNEL}/switch`, { ids, body: {}, code: 'input_dead' });
  await expect(200, 'POST', `${CHANNEL}/stop`, { ids });
  await expect(200, 'PUT', CHANNEL, { ids, body: { backup: null, interface: 'nosuch' } });
  await expect(422, 'POST', `${CHANNEL}/start`, { ids, code: 'invalid_value' });
  const holder = dgram.createSocket('udp4');
  await new Promise((resolve) => holder.bind(5100, '0.0.0.0', () => resolve(null)));
  await expect(200, 'PUT', CHANNEL, { ids, body: { interface: null } });
  await expect(409, 'POST', `${CHANNEL}/start`, { ids, code: 'port_in_use' });
  holder.close();
  await until('a channel that could not start is in error', CHANNEL, ids, (c) => c.state === 'error' && c.last_error);
  await expect(204, 'DELETE', CHANNEL, { ids });
  for (const [method, path] of [['GET', CHANNEL], ['DELETE', CHANNEL], ['POST', `${CHANNEL}/start`], ['POST', `${CHANNEL}/stop`]])
    await expect(404, method, path, { ids, code: 'not_found' });
  for (const [method, path] of WITH_BODY) {
    const known = { ids: { ...running, output_id: 'nobody' } };
    if (path.startsWith(CHANNEL)) await expect(404, method, path, { ids: UNKNOWN, body: { url: 'udp://h:1' }, code: 'not_found' });
    await expect(400, method, path, { ...known, raw: Buffer.from('{'), code: 'invalid_json' });
    await expect(415, method, path, { ...known, raw: Buffer.from('a=b'), type: 'text/plain', code: 'unsupported_media_type' });
  }
  await expect(422, 'GET', '/api/events', { query: '?limit=1025', code: 'invalid_value' });
  await expect(200, 'GET', '/api/events', { query: '?after=0&limit=1024' });
}

/** What every operation answers to whatever it is asked. */
async function walkCommon() {
  const raw = Buffer.alloc(4 * 1024 * 1024 + 1, 0x20);
  for (const what of new Set([...contract.described()].map((line) => line.replace(/ \d+$/, '')))) {
    const [method, path] = what.split(' ');
    await expect(403, method, path, { ids: UNKNOWN, headers: { Origin: 'http://elsewhere.example' }, code: 'foreign_origin' });
    if (path !== '/api/health')
      await expect(401, method, path, { ids: UNKNOWN, headers: { Authorization: null }, code: 'unauthorized' });
    await expect(413, method, path, { ids: UNKNOWN, raw, code: 'too_large' });
  }
  const { MethodNotAllowed, NotFound } = contract.document.components.responses;
  for (const path of Object.keys(contract.document.paths)) {
    const answer = await contract.request('PATCH', path.replace(/{\w+}/g, '1'));
    const methods = new Set(Object.keys(contract.document.paths[path]).filter((m) => m !== 'parameters').map((m) => m.toUpperCase()));
    if (methods.has('GET')) methods.add('HEAD');
    const allowed = (answer.headers.allow ?? '').split(', ').sort().join(), wanted = [...methods].sort().join();
    report(`PATCH ${path}: 405, Allow: ${wanted}`, answer.status !== 405 ? `${answer.status}: ${answer.text}`
      : allowed !== wanted ? `Allow: ${allowed}` : contract.judgeResponse(MethodNotAllowed, answer));
    if (!methods.has('GET') || path === '/ws') continue;
    const head = await contract.request('HEAD', path.replace(/{\w+}/g, 'nobody'));
    report(`HEAD ${path} is answered like GET, without a body`,
      head.text === '' && head.status === (path.includes('{') ? 404 : 200) ? '' : `${head.status} ${head.text}`);
  }
  report('a path that there is not: 404', contract.judgeResponse(NotFound, await contract.request('GET', '/api/nothing')));
}

/** Backup, and back: everything goes on. Another configuration, and back again. @param {any} running ids of a channel that runs */
async function walkConfig(running) {
  const whole = await expect(200, 'GET', '/api/config');
  const { config } = whole[running.id], key = config.outputs.find((o) => o.stream_key)?.stream_key;
  report('a backup has the secrets', key === 'secret' ? '' : JSON.stringify(config));
  await until('the channel receives still', CHANNEL, running, (c) => c.state === 'receiving');
  const before = await contract.call('GET', CHANNEL, { ids: running });
  await expect(200, 'PUT', '/api/config', { body: whole });
  const after = await contract.call('GET', CHANNEL, { ids: running });
  report('what is the same goes on', after.json.state === 'receiving' &&
    after.json.stats.bytes_received >= before.json.stats.bytes_received ? '' : after.text);
  const other = { config: { name: 'Other', rtp_port: 5000 } };
  await expect(409, 'PUT', '/api/config', { body: { ...whole, other }, code: 'port_in_use' });
  await expect(422, 'PUT', '/api/config', { body: { x: { config: { name: 'x' } } }, code: 'invalid_value' });
  await expect(200, 'PUT', '/api/config', { body: { '3b0c2b8e-1c5e-4c9e-9f8f-2d7c0f3a1e55': { ...other, desired: 'running' } } });
  await expect(404, 'GET', CHANNEL, { ids: running, code: 'not_found' });
  await expect(200, 'PUT', '/api/config', { body: whole });
  await until('a restored channel receives', CHANNEL, running, (c) => c.state === 'receiving');
}

async function walkProgram() {
  const system = await expect(200, 'GET', '/api/system');
  const found = system.interfaces.find((i) => i.name === networkInterface);
  report('an interface with queues and verdicts was among it', found?.queues.length && found.verdicts ? '' : JSON.stringify(found));
  await expect(200, 'GET', '/metrics');
  await expect(200, 'GET', '/api/openapi.yaml');
  const served = await contract.request('GET', '/api/openapi.yaml');
  report('the description that is served is that of the repository', served.text === contract.text ? '' : 'it differs');
}

async function walkSocket() {
  const inBrowser = await openSocket(contract, { Authorization: null, 'Sec-WebSocket-Protocol': `distributor, token.${token}` });
  report('GET /ws with the token as a subprotocol: 101', inBrowser.fault || (inBrowser.status === 101
    && inBrowser.headers['sec-websocket-protocol'] === 'distributor' ? '' : JSON.stringify(inBrowser.headers)));
  report('and a Snapshot comes', contract.faultOf('Snapshot', await inBrowser.messages.next()));
  inBrowser.socket.destroy();
  await expect(400, 'GET', '/ws', { code: 'not_a_websocket' });
  const first = await openSocket(contract);
  report('GET /ws: 101', first.fault);
  report('the first message is a Snapshot', contract.faultOf('Snapshot', await first.messages.next()));
  const channel = await expect(201, 'POST', CHANNELS, { body: { name: 'Update', rtp_port: 5200 } });
  let update, fault = '', deadline = Date.now() + 30000, isNew = false, isGone = false;
  while (!fault && !isNew && Date.now() < deadline) {
    update = await first.messages.next();
    fault = contract.faultOf('Update', update);
    isNew = update.channels.some((c) => c.id === channel.id);
  }
  report('an Update has the new channel', fault || (isNew ? '' : 'it never came'));
  await expect(204, 'DELETE', CHANNEL, { ids: { id: channel.id } });
  while (!fault && !isGone && Date.now() < deadline) {
    update = await first.messages.next();
    fault = contract.faultOf('Update', update);
    isGone = update.removed.includes(channel.id);
  }
  report('an Update says that it is gone', fault || (isGone ? '' : 'it never came'));
  const sockets = [first];
  for (let i = 0; i < 70 && sockets.at(-1).status === 101; i++) sockets.push(await openSocket(contract));
  const refused = sockets.at(-1);
  report('GET /ws: 503 limit', refused.fault || (refused.status === 503 ? '' : `${refused.status}`));
  for (const { socket } of sockets) socket?.destroy();
}

report('docs/openapi.yaml is an OpenAPI document', await contract.validity());
const running = await walkRunning();
await walkRefusals(running);
await walkConfig(running);
await walkProgram();
await walkSocket();
await walkCommon();
await expect(200, 'POST', `${CHANNEL}/stop`, { ids: running });
await expect(200, 'GET', CHANNEL, { ids: running });
await expect(204, 'DELETE', CHANNEL, { ids: running });
await expect(200, 'GET', CHANNELS);

/* This program asks for a token. test_access.sh has one that does not. */
contract.codes.add('token_needed');
/* No memory, no disk, 64 MiB of metrics: not to be had here. */
const rare = (line) => / 500$/.test(line) || line === 'GET /metrics 503';
const unseen = [...contract.described()].filter((line) => !contract.seen.has(line) && !rare(line));
report('nothing that is described was left unseen', unseen.join(', '));
const codes = Object.entries(contract.document.components.responses).filter(([name]) => name !== 'Failed')
  .flatMap(([, response]) => response.content['application/json'].schema.allOf[1].properties.error.properties.code.enum);
report('nor any error code', codes.filter((code) => !contract.codes.has(code)).join(', '));
console.log(`1..${count}`);
process.exit(failures ? 1 : 0);
