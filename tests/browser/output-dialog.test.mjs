// @ts-check
/** The dialog of an output: what goes with an RTMP URL, what is sent, and what is shown of it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRtmp, rtmpFieldsFor, rtmpFieldsOf } from '../../dashboard/rtmp-fields.js';
import { makeChannel, makeOutput } from './fake-data.mjs';
import { expectComplaint, oneChannel, pageTest, reads } from './page-setup.mjs';

/** @typedef {import('playwright-core').Page} Page */

const PATH = '/api/channels/c1/outputs';

/** @param {Page} page */
const submit = (page) => page.click('#output-dialog [type="submit"]');
/** @param {Page} page */
const closed = (page) => page.waitForSelector('#output-dialog', { state: 'hidden' });
/** @param {Page} page */
const unfold = (page) => page.click('#output-dialog summary');
/** @param {Page} page @param {string[]} selectors */
const visible = (page, ...selectors) => Promise.all(selectors.map((selector) => page.isVisible(selector)));

const rtmps = (/** @type {Partial<import('../../dashboard/types.js').Output>} */ fields = {}) => makeChannel({
  id: 'c1', name: 'News', rtp_port: 5000, desired: 'running', state: 'receiving',
  outputs: [makeOutput({ id: 'o1', name: 'Tube', url: 'rtmps://a.example.net/live', stream_key: '***', state: 'connected', ...fields })],
});

test('a URL has the settings of its scheme', () => {
  const fields = rtmpFieldsOf(null);
  assert.deepEqual(rtmpFieldsFor('srt://h:1', fields), {});
  assert.deepEqual(Object.keys(rtmpFieldsFor(' RTMP://h/a', fields)), ['stream_key', 'audio', 'hevc', 'cues', 'backlog_ms']);
  assert.deepEqual(rtmpFieldsFor('rtmps://h/a', fields), fields);
  const describe = (/** @type {object} */ changes, tls = true) => describeRtmp({ ...fields, ...changes }, tls).replaceAll('\u202f', ' ').replaceAll('\u00a0', ' ');
  assert.equal(describe({}), 'first audio, no cues, 4 000 ms behind at most');
  assert.equal(describe({ audio: 'eng', hevc: 'legacy', cues: 'onadcue', tls_verify: 'off', tls_ca: '/ca' }),
    'audio eng, HEVC as codec 12, onAdCue, 4 000 ms behind at most, TLS not verified');
  assert.equal(describe({ tls_ca: '/ca' }), 'first audio, no cues, 4 000 ms behind at most, TLS by a CA file');
  assert.equal(describe({ tls_verify: 'off' }, false), 'first audio, no cues, 4 000 ms behind at most');
});

pageTest('the settings of RTMP come with its URL, those of TLS with rtmps', [oneChannel()], async ({ page, server }) => {
  await page.click('.channel-row [data-action="add-output"]');
  const parts = ['#output-key', '#output-dialog summary', '#output-audio', '#output-verify'];
  assert.deepEqual(await visible(page, ...parts), [false, false, false, false]);
  await page.fill('#output-url', 'srt://h:9000');
  assert.deepEqual(await visible(page, ...parts), [false, false, false, false]);
  await page.fill('#output-url', 'rtmp://h/live');
  assert.deepEqual(await visible(page, ...parts), [true, true, false, false]);
  assert.equal(await page.getAttribute('#output-key', 'type'), 'password');
  await unfold(page);
  assert.deepEqual(await visible(page, ...parts), [true, true, true, false]);
  await page.fill('#output-url', 'rtmps://h/live/');
  assert.deepEqual(await visible(page, ...parts), [true, true, true, true]);
  await reads(page, '[data-part="rtmp-note"]', 'first audio, no cues, 4 000 ms behind at most');

  await page.fill('#output-key', ' s3cret?t=1 ');
  await page.fill('#output-audio', 'deu');
  await page.fill('#output-backlog', '2000');
  await page.selectOption('#output-hevc', 'legacy');
  await page.selectOption('#output-cues', 'oncuepoint_scte35');
  await page.fill('#output-ca', '/etc/ca.pem');
  assert.equal(await page.isVisible('#output-verify-hint'), false);
  await page.selectOption('#output-verify', 'off');
  assert.equal(await page.isVisible('#output-verify-hint'), true);
  await reads(page, '[data-part="rtmp-note"]', 'audio deu, HEVC as codec 12, onCuePoint with SCTE-35, 2 000 ms behind at most, TLS not verified');
  await submit(page);
  await closed(page);
  assert.deepEqual(server.calls, [{
    call: `POST ${PATH}`,
    body: {
      url: 'rtmps://h/live/', enabled: true, stream_key: 's3cret?t=1', audio: 'deu', hevc: 'legacy', cues: 'oncuepoint_scte35',
      backlog_ms: 2000, tls_verify: 'off', tls_ca: '/etc/ca.pem',
    },
  }]);
  assert.equal((await page.content()).includes('s3cret'), false);
});

pageTest('of an RTMP output only what was changed is sent', [rtmps()], async ({ page, server }) => {
  const edit = async (/** @type {() => Promise<unknown>} */ change, /** @type {object | null} */ body) => {
    const before = server.calls.length;
    await page.click('[aria-label="Edit output Tube"]');
    await unfold(page);
    await change();
    await submit(page);
    await closed(page);
    if (body) assert.deepEqual(server.calls.at(-1), { call: `PUT ${PATH}/o1`, body });
    else assert.equal(server.calls.length, before);
  };
  await edit(async () => {
    assert.equal(await page.inputValue('#output-key'), '***');
    assert.equal(await page.isVisible('[data-part="secret-hint"]'), true);
  }, null);
  await edit(() => page.selectOption('#output-cues', 'youtube'), { cues: 'youtube' });
  await edit(() => page.fill('#output-audio', ''), null);
  await edit(() => page.fill('#output-key', 'new'), { stream_key: 'new' });
  await edit(async () => {
    await page.fill('#output-ca', '/what/is/not/on/show/then');
    await page.fill('#output-url', 'rtmp://a.example.net/live');
  }, { url: 'rtmp://a.example.net/live' });
  await edit(async () => {
    await page.fill('#output-url', 'rtmp://a.example.net/live/key');
    await page.fill('#output-key', '');
  }, { url: 'rtmp://a.example.net/live/key', stream_key: null });
  await edit(async () => {
    await page.fill('#output-backlog', 'not on show');
    await page.fill('#output-url', 'srt://a.example.net:9000');
  }, { url: 'srt://a.example.net:9000' });
});

pageTest('what is refused of RTMP stands beside its field, unfolded', [rtmps()], async ({ page, server, complaints }) => {
  await page.click('[aria-label="Edit output Tube"]');
  await unfold(page);
  await page.fill('#output-backlog', '100');
  await unfold(page);
  await submit(page);
  await reads(page, '#output-backlog-error', 'A whole number from 500 to 30000.');
  assert.equal(await page.isVisible('#output-backlog-error'), true);
  assert.equal(server.calls.length, 0);
  await page.fill('#output-backlog', '4000');
  await page.fill('#output-url', 'rtmps://a.example.net/live/key');
  await page.fill('#output-key', 'another');
  await submit(page);
  await reads(page, '#output-key-error', 'The URL has a stream key already');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'output-key');
  expectComplaint(complaints, /422/);
});

pageTest('a note and an unverified server are shown in the list and in the details', [
  rtmps({ note: 'not carried: MPEG-2 video (PID 256)', tls_verify: 'off', warning: 'The server’s certificate is not verified' }),
], async ({ page, server }) => {
  const row = '[data-output="o1"]';
  await reads(page, `${row} .state`, 'Connected');
  await reads(page, `${row} [data-part="warning"]`, 'TLS not verified');
  assert.equal(await page.getAttribute(`${row} [data-part="warning"]`, 'title'), 'The server’s certificate is not verified');
  await reads(page, `${row} [data-part="lack"]`, 'not carried: MPEG-2 video (PID 256)');
  await page.click('[aria-label="Details of output Tube"]');
  await reads(page, '.output-detail [data-part="warning"]', 'The server’s certificate is not verified');
  await reads(page, '.output-detail [data-part="lack"]', 'not carried: MPEG-2 video (PID 256)');
  Object.assign(server.channels[0].outputs[0], { note: null, warning: null, tls_verify: 'on' });
  server.push(server.channels);
  await page.waitForSelector(`${row} [data-part="remark"]`, { state: 'hidden' });
  assert.deepEqual(await visible(page, '.output-detail [data-part="warning"]', '.output-detail [data-part="lack"]'), [false, false]);
});

pageTest('an older server is not asked for what it does not know', [rtmps({ url: 'rtmp://h/live/***' })], async ({ page, server }) => {
  await page.click('[aria-label="Edit output Tube"]');
  assert.deepEqual(await visible(page, '#output-key', '#output-dialog summary'), [false, false]);
  await page.fill('#output-name', 'Tube 2');
  await submit(page);
  await closed(page);
  await page.click('.channel-row [data-action="add-output"]');
  await page.fill('#output-url', 'rtmp://h/live/key');
  await submit(page);
  await closed(page);
  assert.deepEqual(server.calls.map(({ body }) => body), [{ name: 'Tube 2' }, { url: 'rtmp://h/live/key', enabled: true }]);
}, { old: true });
