// @ts-check
/** A channel with two inputs: what is shown of them, and the switch from one to the other. */

import assert from 'node:assert/strict';
import { makeChannel } from './fake-data.mjs';
import { expectComplaint, oneChannel, pageTest, reads } from './page-setup.mjs';

const BACKUP = { rtp_ip: '0.0.0.0', rtp_port: 5100, sources: [], interface: null };
const PRIMARY_ROW = '[data-input="primary"]';
const BACKUP_ROW = '[data-input="backup"]';

/** @param {Partial<import('../../dashboard/types.js').Channel>} [fields] */
function redundant(fields) {
  return makeChannel({
    id: 'c1', name: 'Main', rtp_port: 5000, desired: 'running', state: 'receiving', backup: BACKUP,
    stats: { bitrate_bps: 5_010_000 }, ...fields,
  });
}

/** @param {import('playwright-core').Page} page */
const inputRows = (page) => page.locator('.input-row').count();

pageTest('both inputs are shown, which is in use, and the switch goes there and back', [redundant()], async ({ page, server }) => {
  await reads(page, `${PRIMARY_ROW} .name`, 'Primary');
  await reads(page, `${PRIMARY_ROW} .state`, 'Receiving');
  await reads(page, `${PRIMARY_ROW} .address`, '0.0.0.0:5000');
  await reads(page, `${PRIMARY_ROW} [data-part="bitrate"]`, '5.01 Mb/s');
  await reads(page, `${PRIMARY_ROW} .role`, 'in use');
  await reads(page, `${BACKUP_ROW} .role`, 'standby');
  await reads(page, '.channel-row .address', '0.0.0.0:5000');
  assert.equal(await page.isVisible(`${PRIMARY_ROW} button`), false, 'it is in use already');
  await page.focus(`${BACKUP_ROW} button`);
  await page.keyboard.press('Enter');
  await reads(page, `${BACKUP_ROW} .role`, 'in use');
  await reads(page, `${PRIMARY_ROW} .role`, 'standby');
  await reads(page, '.channel-row .address', 'backup 0.0.0.0:5100');
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')),
    'Switch Main to its primary input', 'the button that is there now has the focus');
  await page.keyboard.press('Enter');
  await reads(page, `${PRIMARY_ROW} .role`, 'in use');
  assert.deepEqual(server.calls, [
    { call: 'POST /api/channels/c1/switch', body: { input: 'backup' } },
    { call: 'POST /api/channels/c1/switch', body: { input: 'primary' } },
  ]);
});

pageTest('what a channel that receives lacks is shown', [redundant({ last_error: 'no FEC on port 5002: in use' })], async ({ page, server }) => {
  await reads(page, '.channel-row [data-part="error"]', 'no FEC on port 5002: in use');
  assert.equal(await page.isVisible('.channel-row [data-part="error"]'), true);
  server.channels[0].last_error = null;
  server.push(server.channels);
  await page.waitForSelector('.channel-row [data-part="error"]', { state: 'hidden' });
});

pageTest('an input without a signal needs attention, and the switch to it is refused', [redundant()], async ({ page, server, complaints }) => {
  await reads(page, '[data-part="problems-text"]', 'Nothing needs attention');
  const [primary, backup] = server.channels[0].inputs ?? [];
  backup.state = 'no_signal';
  Object.assign(primary.stats, { rtp_lost: 7, rejected_size: 2 });
  server.push(server.channels);
  await reads(page, `${BACKUP_ROW} .state`, 'No signal');
  await reads(page, '[data-part="problems-text"]', '1 needs attention');
  await reads(page, `${PRIMARY_ROW} [data-part="rtp_lost"] .value`, '7');
  await reads(page, `${PRIMARY_ROW} [data-part="rejected"] .value`, '2');
  await page.click(`${BACKUP_ROW} button`);
  await reads(page, '.notice p', 'Could not switch channel Main to its backup input: The backup brings no TS');
  await reads(page, `${BACKUP_ROW} .role`, 'standby');
  backup.state = 'receiving';
  server.push(server.channels);
  await page.click(`${BACKUP_ROW} button`);
  await reads(page, `${BACKUP_ROW} .role`, 'in use');
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Switch Main to its primary input');
  expectComplaint(complaints, /status of 409/);
});

pageTest('a switch that is refused becomes a message', [redundant()], async ({ page, server, complaints }) => {
  const shown = server.channels[0];
  server.channels = [{ ...shown, backup: null }];
  await page.click(`${BACKUP_ROW} button`);
  await reads(page, '.notice p', 'Could not switch channel Main to its backup input: the channel has no backup input');
  expectComplaint(complaints, /status of 409/);
});

pageTest('merged inputs are both in use and cannot be switched; stopped ones have no part', [
  redundant({ failover: { mode: 'merge', timeout_ms: 500, return: 'stay', stable_ms: 0, merge_ms: 200 } }),
], async ({ page, server }) => {
  await reads(page, `${PRIMARY_ROW} .role`, 'merged');
  await reads(page, `${BACKUP_ROW} .role`, 'merged');
  await reads(page, '.channel-row .address', '0.0.0.0:5000 + 0.0.0.0:5100');
  assert.equal(await page.isVisible('[data-action="switch-input"]'), false);
  Object.assign(server.channels[0], { desired: 'stopped', state: 'stopped' });
  server.push(server.channels);
  await reads(page, `${BACKUP_ROW} .role`, '');
  assert.equal(await page.isVisible('[data-action="switch-input"]'), false);
});

pageTest('inputs come and go with the backup, stand above the outputs, and fold with them', [redundant({ outputs: oneChannel().outputs })], async ({ page, server }) => {
  const order = () => page.locator('.channel > .row').evaluateAll((rows) => rows.map(
    (row) => row.getAttribute('data-input') ?? row.getAttribute('data-output') ?? 'channel'));
  await reads(page, `${BACKUP_ROW} .name`, 'Backup');
  assert.deepEqual(await order(), ['channel', 'primary', 'backup', 'o1', 'o2']);
  await page.click('[aria-label="Outputs of Main"]');
  assert.equal(await page.isVisible(BACKUP_ROW), false);
  await page.click('[aria-label="Outputs of Main"]');
  const channel = server.channels[0];
  Object.assign(channel, { backup: null, inputs: channel.inputs?.slice(0, 1) });
  server.push([channel]);
  await page.waitForSelector(BACKUP_ROW, { state: 'detached' });
  assert.equal(await inputRows(page), 0, 'a single input is the channel’s own line');
  await page.fill('#filter input', '5100');
  await reads(page, '.shown', '0 of 1 channel');
});

pageTest('an older server sends no inputs', [oneChannel()], async ({ page }) => {
  await reads(page, '.channel-row .address', '0.0.0.0:5000');
  assert.equal(await inputRows(page), 0);
}, { old: true });

for (const width of [360, 768, 1215, 1280]) {
  pageTest(`inputs and the account of packets fit a width of ${width}`, [redundant()], async ({ page, server }) => {
    const stats = server.channels[0].stats;
    for (const name of Object.keys(stats)) stats[name] = 123_456_789;
    server.push(server.channels);
    await page.click('[data-action="account"]');
    const { wide, view } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth, view: document.documentElement.clientWidth,
    }));
    assert.ok(wide <= view, `the page is ${wide} wide`);
    assert.equal(await page.isVisible(`${BACKUP_ROW} button`), true);
  }, { viewport: { width, height: 800 } });
}
