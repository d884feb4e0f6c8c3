// @ts-check
/** An output in detail: counters, history, readers, counting anew; and the words for its state. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outputCondition } from '../../dashboard/condition.js';
import { formatLatency } from '../../dashboard/format.js';
import { linePath } from '../../dashboard/history-chart.js';
import { unknownOutputCounters } from '../../dashboard/output-counters.js';
import { hintsFor } from '../../dashboard/url-hints.js';
import { makeChannel, makeOutput, makeReader, makeSamples } from './fake-data.mjs';
import { expectComplaint, oneChannel, pageTest, reads, until } from './page-setup.mjs';

const OPEN = '[aria-label="Details of output Relay"]';
const DETAIL = '.output-detail';

/** @param {string} name of a counter */
const line = (name) => `${DETAIL} .account-line[title^="${name}"]`;
/** @param {number} n */
const chart = (n) => `${DETAIL} .chart:nth-child(${n})`;

/** A running channel with a listener that two read from. */
function listener() {
  const readers = [makeReader(1, '#!::r=news'), makeReader(2)];
  return makeChannel({
    id: 'c1', name: 'News', rtp_port: 5000, desired: 'running', state: 'receiving',
    outputs: [makeOutput({
      id: 'o1', name: 'Relay', url: 'srt://:9000?mode=listener', state: 'connected',
      connected_at: new Date().toISOString(), reader_count: 2, readers,
    })],
  });
}

test('the words for the states of outputs without a peer of their own', () => {
  const word = (/** @type {string} */ url, /** @type {any} */ state) => outputCondition(makeOutput({ url, state })).word;
  assert.equal(word('srt://:9000?mode=listener', 'connecting'), 'Listening');
  assert.equal(word('srt://:9000?mode=listener', 'connected'), 'Connected');
  assert.equal(word('srt://h:9000', 'connecting'), 'Connecting');
  assert.equal(word('udp://239.1.1.1:5000', 'connected'), 'Sending');
  assert.equal(word('rtp://h:5000', 'connected'), 'Sending');
  assert.equal(word('rtp://h:5000', 'retrying'), 'Retrying');
});

test('milliseconds, counters of a newer server, hints', () => {
  assert.deepEqual([0, 0.42, 9.994, 9.996, 12.34, 99.96, 250.4, undefined, NaN].map(formatLatency),
    ['0.00\u00a0ms', '0.42\u00a0ms', '9.99\u00a0ms', '10.0\u00a0ms', '12.3\u00a0ms', '100\u00a0ms', '250\u00a0ms', '–', '–']);
  assert.deepEqual(unknownOutputCounters({ bytes_sent: 1, bitrate_bps: 2, pktEaten: 3 }).map(({ name }) => name), ['pktEaten']);
  const kinds = (/** @type {string} */ text) => hintsFor(text).map(({ kind }) => kind.split(/[ ,]/).slice(0, 2).join(' '));
  assert.equal(hintsFor('').length, 6);
  assert.equal(hintsFor('http://x').length, 6);
  assert.deepEqual(kinds('srt://h:1'), ['SRT ']);
  assert.deepEqual(kinds(' SRT://:1?latency=1&mode=listener'), ['SRT ']);
  assert.match(hintsFor('srt://:1?mode=listener')[0].example, /maxreaders/);
  for (const text of ['srt://:1', 'srt://:1?mode=listener', 'srt://h:1?latency=1&mode=server']) {
    assert.match(hintsFor(text)[0].kind, /readers call here/, text);
  }
  for (const text of ['srt://', 'srt://h', 'srt://[::1]:1?latency=1', 'srt://h:1?mode=caller']) {
    assert.match(hintsFor(text)[0].kind, text === 'srt://' ? /readers/ : /calls a listener/, text);
  }
  assert.deepEqual(kinds('srt://h:1?mode=rendezvous'), ['SRT rendezvous']);
  assert.deepEqual(kinds('rtmps://h/a/b'), ['RTMP']);
});

test('a line is broken where there was no sample', () => {
  const at = [10, 11, 12, 30, 31];
  const samples = at.map((x) => ({ ...makeSamples(1)[0], msRTT: x }));
  assert.equal(linePath(samples, ({ msRTT }) => msRTT, () => 5),
    'M10 5.0L10 5.0L11 5.0L12 5.0M30 5.0L30 5.0L31 5.0');
  assert.equal(linePath([], () => 0, () => 0), '');
});

pageTest('the details of an output open, follow its counters and close', [oneChannel()], async ({ page, server }) => {
  assert.equal(await page.getAttribute(OPEN, 'aria-expanded'), 'false');
  await page.click(OPEN);
  assert.equal(await page.getAttribute(OPEN, 'aria-expanded'), 'true');
  await reads(page, `${DETAIL} h3`, 'Output Relay');
  await reads(page, `${DETAIL} [data-part="since"]`, 'Counted since the output was started.');
  assert.equal(await page.isVisible(`${DETAIL} [data-part="history"]`), false, 'there is none yet');
  assert.equal(await page.isVisible(`${DETAIL} [data-part="readers"]`), false, 'it is no listener');
  assert.equal(await page.isVisible(line('frames_dropped')), false, 'nor RTMP');
  assert.equal(await page.evaluate(() => document.querySelector('[data-output="o1"]')?.nextElementSibling?.className), 'account output-detail');

  const channel = server.channels[0];
  Object.assign(channel.outputs[0].stats, {
    pktRetransTotal: 12, byteSndDropTotal: 1360, packets_lost: 7, msRTT: 38.214, msSndBuf: 45, msSndTsbPdDelay: 200,
    mbpsSendRate: 5.184, pktEaten: 4, bytes_sent: 1_500_000,
  });
  channel.outputs[0].last_error = 'the peer refused: wrong passphrase';
  server.push([channel]);
  for (const [name, value] of [
    ['bytes_sent', '1.50 MB'], ['pktRetransTotal', '12'], ['byteSndDropTotal', '1 360'], ['packets_lost', '7'],
    ['msRTT', '38.2 ms'], ['msSndBuf', '45 ms'], ['msSndTsbPdDelay', '200 ms'], ['mbpsSendRate', '5.18 Mb/s'],
  ]) await reads(page, `${line(name)} dd`, value);
  await reads(page, `${DETAIL} [data-part="last-error"]`, 'Last error: the peer refused: wrong passphrase');
  assert.equal(await page.getAttribute(line('packets_lost'), 'data-level'), 'growing');

  await page.click('[aria-label="Outputs of News"]');
  assert.equal(await page.isVisible(DETAIL), false, 'folded with its output');
  await page.click('[aria-label="Outputs of News"]');
  assert.equal(await page.isVisible(DETAIL), true);
  await page.click(OPEN);
  assert.equal(await page.locator(DETAIL).count(), 0);
});

pageTest('the last ten minutes are drawn, and the pointer reads them', [oneChannel()], async ({ page, server }) => {
  server.samples.set('o1', makeSamples(5_000_000));
  await page.click(OPEN);
  await reads(page, `${chart(1)} [data-part="peak"]`, 'at most 130 ms');
  await reads(page, `${chart(1)} [data-part="value"]`, /^(38|39|40)\.\d ms$/);
  await reads(page, `${chart(2)} [data-part="peak"]`, 'at most 309 ms');
  await reads(page, `${chart(4)} [data-part="value"]`, /^4\.9\d Mb\/s|5\.0\d Mb\/s$/);
  assert.match(await page.getAttribute(`${chart(1)} svg`, 'aria-label') ?? '', /^Round trip, last 10 minutes: now .*ms, at most 130.ms$/);
  const box = await page.locator(`${chart(1)} svg`).boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * (280 / 600), box.y + 20);
  await reads(page, `${chart(1)} [data-part="value"]`, /^\d\d:\d\d:\d\d\s+1[23]\d ms$/);
  await reads(page, `${chart(3)} [data-part="value"]`, /^\d\d:\d\d:\d\d\s+(39|40)$/);
  assert.equal(await page.getAttribute(`${chart(3)} line`, 'visibility'), 'visible');
  await page.mouse.move(0, 0);
  await reads(page, `${chart(1)} [data-part="value"]`, /^\d\d\.\d ms$/);
  assert.equal(await page.getAttribute(`${chart(3)} line`, 'visibility'), 'hidden');
});

pageTest('an output that is no SRT has a chart of its bit rate alone', [oneChannel()], async ({ page, server }) => {
  server.samples.set('o2', makeSamples(5_000_000));
  await page.click('[aria-label="Details of output Video site"]');
  await reads(page, `${chart(4)} [data-part="title"]`, 'Bit rate');
  await page.locator('.chart:visible').first().waitFor();
  assert.deepEqual(await page.locator('.chart:visible').count(), 1);
});

pageTest('readers are listed, and disconnected after a question', [listener()], async ({ page, server }) => {
  await reads(page, '[data-output="o1"] [data-part="note"]', '2 readers');
  await page.click(OPEN);
  const first = `${DETAIL} tbody tr:first-child`;
  await reads(page, `${first} [data-part="address"]`, '198.51.100.1:40001');
  await reads(page, `${first} [data-part="stream-id"]`, '#!::r=news');
  await reads(page, `${first} [data-part="since"]`, /^1[23] min \d\d s$/);
  await reads(page, `${first} [data-part="rtt"]`, '21.4 ms');
  await reads(page, `${first} [data-part="again"]`, '12');
  await page.click('[aria-label="Disconnect 198.51.100.1:40001"]');
  await reads(page, '#confirm-title', 'Disconnect 198.51.100.1:40001?');
  await page.click('#confirm-dialog [type="submit"]');
  await reads(page, `${first} [data-part="address"]`, '198.51.100.2:40002');
  assert.ok(server.calls.some(({ call }) => call === 'DELETE /api/channels/c1/outputs/o1/readers/1'));
  await reads(page, '[data-output="o1"] [data-part="note"]', '1 reader');
  server.channels[0].outputs[0].readers = [];
  await page.waitForSelector(`${DETAIL} [data-part="no-readers"]:not([hidden])`);
  assert.equal(await page.isVisible(`${DETAIL} table`), false);
});

pageTest('counters are reset, and the time of it is shown', [oneChannel()], async ({ page, server }) => {
  server.channels[0].outputs[0].stats.packets_lost = 7;
  server.push(server.channels);
  await page.click(OPEN);
  await reads(page, `${line('packets_lost')} dd`, '7');
  await page.click('[aria-label="Reset the counters of Relay"]');
  await reads(page, `${line('packets_lost')} dd`, '0');
  await reads(page, `${DETAIL} [data-part="since"]`, /^Counted since the reset of 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.$/);
  await reads(page, '[data-output="o1"] [data-part="lost"] .value', '0');
});

pageTest('an output that goes takes its details along; a question in time is not asked for long', [oneChannel()], async ({ page, server }) => {
  await page.click(OPEN);
  await reads(page, `${DETAIL} h3`, 'Output Relay');
  const asks = (/** @type {string} */ path) => server.calls.some(({ call }) => call === `GET /api/channels/c1/outputs/o1${path}`);
  await until(() => asks('') && asks('/history'), 'the first question'); // while the output is there
  const channel = server.channels[0];
  channel.outputs = channel.outputs.slice(1);
  server.push([channel]);
  await page.waitForSelector(DETAIL, { state: 'detached' });
  await page.waitForTimeout(3500);
  const asked = server.calls.length;
  await page.waitForTimeout(3500);
  assert.equal(server.calls.length, asked, 'nobody asks for it any more');
});

pageTest('an older server has no details', [oneChannel()], async ({ page, complaints }) => {
  await page.click(OPEN);
  await reads(page, `${DETAIL} [data-part="trouble"]`, 'This server keeps no history of outputs.');
  await reads(page, `${line('bytes_sent')} dd`, '0 B');
  expectComplaint(complaints, /status of 40[45]/);
}, { old: true });

pageTest('the dialog helps with the URL, and says what the server refused', [oneChannel()], async ({ page, complaints }) => {
  await page.click('.channel-row [data-action="add-output"]');
  assert.equal(await page.locator('#output-url-hint li').count(), 6);
  await page.fill('#output-url', 'srt://:9000?mode=listener');
  await reads(page, '#output-url-hint li', /^SRT, readers call here.*maxreaders/);
  assert.equal(await page.locator('#output-url-hint li').count(), 1);
  assert.equal(await page.isVisible('#output-url-hint span'), true);
  await page.fill('#output-url', 'http://nowhere');
  await page.click('#output-dialog [type="submit"]');
  await reads(page, '#output-url-error', /must begin with srt/);
  expectComplaint(complaints, /status of 422/);
});

for (const width of [360, 768, 1215]) {
  pageTest(`the details of an output fit a width of ${width}`, [listener()], async ({ page, server }) => {
    server.samples.set('o1', makeSamples(5_000_000));
    await page.click(OPEN);
    await reads(page, `${chart(1)} [data-part="peak"]`, 'at most 130 ms');
    // What overflows a channel is cut, so the page's own width would not tell.
    const { wide, view } = await page.evaluate(() => ({
      wide: Math.max(...[...document.querySelectorAll('.output-detail :is(figure, section, .detail-head, dl)')]
        .map((element) => element.getBoundingClientRect().right)),
      view: document.documentElement.clientWidth,
    }));
    assert.ok(wide <= view, `the details are ${wide} wide`);
  }, { viewport: { width, height: 800 } });
}
