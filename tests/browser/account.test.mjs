// @ts-check
/** Where the packets of a channel went. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrivalRanges, counterLabel, unknownCounters } from '../../dashboard/counters.js';
import { oneChannel, pageTest, reads } from './page-setup.mjs';

const OPEN = '[aria-label="Where the packets of News went"]';

test('what the page knows of counters, and what it does with others', () => {
  assert.equal(counterLabel('rtp_lost'), 'Lost on the network');
  assert.equal(counterLabel('rtp_eaten'), 'rtp_eaten');
  const stats = { rtp_lost: 1, rtp_eaten: 2, bitrate_bps: 3, fec_rows: 4, arrival_le_500us: 5, arrival_le_1s: 0, arrival_gt_1s: 6, arrival_odd: 7 };
  assert.deepEqual(unknownCounters(stats).map(({ name, label }) => [name, label]), [['rtp_eaten', 'rtp_eaten'], ['arrival_odd', 'arrival_odd']]);
  assert.deepEqual(arrivalRanges(stats), [
    { name: 'arrival_le_500us', label: 'up to 500\u00a0µs', count: 5 },
    { name: 'arrival_le_1s', label: 'up to 1\u00a0s', count: 0 },
    { name: 'arrival_gt_1s', label: 'over 1\u00a0s', count: 6 },
  ]);
});

pageTest('the account of a channel opens, follows its counters and closes', [oneChannel()], async ({ page, server }) => {
  const line = (/** @type {string} */ name) => `.account-line[title^="${name}"]`;
  assert.equal(await page.locator('.account').count(), 0);
  assert.equal(await page.getAttribute(OPEN, 'aria-expanded'), 'false');
  await page.click(OPEN);
  assert.equal(await page.getAttribute(OPEN, 'aria-expanded'), 'true');
  await reads(page, `${line('rtp_lost')} dt`, 'Lost on the network');
  await reads(page, `${line('rtp_lost')} dd`, '0');
  assert.equal(await page.getAttribute(line('rtp_lost'), 'data-level'), 'none');
  assert.equal(await page.isVisible(line('rtp_late')), false, 'what is zero and seldom otherwise is not there');
  assert.equal(await page.isVisible('.account >> text=Malformed'), false);
  assert.equal(await page.isVisible('.arrival'), false);
  assert.equal(await page.isVisible('.account [data-part="matrix"]'), false);

  const channel = server.channels[0];
  Object.assign(channel.stats, {
    datagrams_received: 1_234_567, rtp_lost: 12, rtp_late: 3, rejected_sync: 4, rtp_recovered_fec: 1001, fec_columns: 8, fec_rows: 5,
    path1_only: 17, dropped_stranger: 99, rtp_hold_ms: 41, rtp_jitter_us: 1280, arrival_le_1ms: 300, arrival_le_2ms: 150, arrival_gt_2ms: 0,
  });
  channel.outputs[0].stats.packets_lost = 21;
  server.push([channel]);
  for (const [name, value] of [
    ['datagrams_received', '1 234 567'], ['rtp_lost', '12'], ['rtp_late', '3'], ['rejected_sync', '4'], ['rtp_recovered_fec', '1 001'],
    ['path1_only', '17'], ['dropped_stranger', '99'], ['rtp_hold_ms', '41 ms'],
  ]) {
    await reads(page, `${line(name)} dd`, value);
    assert.equal(await page.isVisible(line(name)), true, name);
  }
  assert.equal(await page.getAttribute(line('rtp_lost'), 'title'), 'rtp_lost: 12');
  assert.equal(await page.getAttribute(line('rtp_lost'), 'data-level'), 'growing');
  await reads(page, '.account [data-part="matrix"]', 'FEC matrix: 8 columns × 5 rows.');
  await reads(page, '.account [data-part="missed"]', 'Output Relay fell behind and missed 21 TS packets.');
  assert.deepEqual(await page.locator('.bar-line dt').allTextContents(), ['up to 1\u00a0ms', 'up to 2\u00a0ms', 'over 2\u00a0ms']);
  const [longest, half, none] = await page.locator('.bar').evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().width));
  assert.ok(longest > 100 && Math.abs(half - longest / 2) < 1 && none === 0, `${longest} ${half} ${none}`);

  await page.click(OPEN);
  assert.equal(await page.locator('.account').count(), 0);
});

pageTest('counters that the page does not know are shown by name', [{ ...oneChannel(), stats: { rtp_eaten: 5 } }], async ({ page }) => {
  await page.click(OPEN);
  await reads(page, '.account-line[title="rtp_eaten"]', /rtp_eaten\s+5/);
  assert.equal(await page.isVisible('.account-line[title^="rtp_lost"]'), false, 'and what is not counted is not');
});
