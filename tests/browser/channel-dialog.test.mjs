// @ts-check
/** The dialog of a channel: what is sent, what the server refuses and where that stands. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateEntry, splitEntries } from '../../dashboard/entries.js';
import { makeChannel } from './fake-data.mjs';
import { expectComplaint, oneChannel, pageTest, reads } from './page-setup.mjs';

/** @typedef {import('playwright-core').Page} Page */

const BACKUP = { rtp_ip: '0.0.0.0', rtp_port: 5100, sources: ['10.0.0.0/8'], interface: 'eth1' };

/** @param {Page} page @param {string} needs the group's setting */
const unfold = (page, needs) => page.click(`#channel-dialog details[data-needs="${needs}"] summary`);
/** @param {Page} page */
const submit = (page) => page.click('#channel-dialog [type="submit"]');
/** @param {Page} page */
const focus = (page) => page.evaluate(() => document.activeElement?.id);

test('a list may be typed with line ends, commas and blanks', () => {
  for (const [text, entries] of /** @type {[string, string[]][]} */ ([
    ['', []], [' \n,', []], ['a', ['a']], ['a,b', ['a', 'b']], ['\n a ,\r\n\tb, ,c\n', ['a', 'b', 'c']],
  ])) {
    assert.deepEqual(splitEntries(text), entries);
    entries.forEach((entry, i) => assert.equal(text.slice(...locateEntry(text, i)), entry));
    assert.deepEqual(locateEntry(text, entries.length), [text.length, text.length]);
  }
});

pageTest('a channel with everything', [], async ({ page, server }) => {
  await page.click('#new-channel');
  assert.equal(await page.isVisible('#channel-sources'), false, 'what is seldom needed is folded away');
  await reads(page, '[data-part="repair-note"]', 'gaps wait 50 ms, no FEC');
  await reads(page, '[data-part="senders-note"]', 'anybody');
  await reads(page, '[data-part="redundancy-note"]', 'none');
  await page.fill('#channel-name', 'Main');
  await page.fill('#channel-port', '5000');
  await unfold(page, 'reorder_ms');
  await page.fill('#channel-reorder', '120');
  await page.selectOption('#channel-fec', 'auto');
  await reads(page, '[data-part="program-note"]', 'the first');
  await unfold(page, 'program');
  await page.fill('#channel-program', '513');
  await reads(page, '[data-part="program-note"]', 'number 513');
  await unfold(page, 'sources');
  await page.fill('#channel-sources', '198.51.100.7, 2001:db8::/32\n203.0.113.0/24\n');
  await page.fill('#channel-pps', '9000');
  await page.fill('#channel-interface', 'eth1');
  await reads(page, '[data-part="senders-note"]', '3 senders allowed, by eth1, up to 9 000 packets/s');
  await unfold(page, 'backup');
  assert.equal(await page.isVisible('#backup-port'), false);
  await page.selectOption('#failover-mode', 'failover');
  assert.deepEqual(await Promise.all(['#backup-port', '#failover-timeout', '#failover-stable', '#failover-merge']
    .map((field) => page.isVisible(field))), [true, true, false, false]);
  await page.selectOption('#failover-return', 'return');
  await page.fill('#failover-stable', '0');
  await page.fill('#failover-timeout', '250');
  await page.fill('#backup-port', '5100');
  await page.fill('#backup-sources', '10.0.0.0/8');
  await page.fill('#backup-interface', 'eth1');
  await reads(page, '[data-part="redundancy-note"]', 'failover to 0.0.0.0:5100');
  await submit(page);
  await reads(page, '.channel-row .name', 'Main');
  assert.deepEqual(server.calls, [{
    call: 'POST /api/channels',
    body: {
      name: 'Main', rtp_ip: '0.0.0.0', rtp_port: 5000, autostart: false, reorder_ms: 120, fec: 'auto', program: 513,
      sources: ['198.51.100.7', '2001:db8::/32', '203.0.113.0/24'], max_pps: 9000, interface: 'eth1', backup: BACKUP,
      failover: { timeout_ms: 250, return: 'return', stable_ms: 0 },
    },
  }]);

  await page.click('[aria-label="Edit channel Main"]');
  await submit(page);
  await page.waitForSelector('#channel-dialog', { state: 'hidden' });
  assert.equal(server.calls.length, 1, 'nothing was changed, so nothing is sent');
});

pageTest('of a second input only what was changed is sent', [
  makeChannel({ id: 'c1', name: 'Main', rtp_port: 5000, backup: BACKUP }),
], async ({ page, server }) => {
  const edit = async (/** @type {() => Promise<unknown>} */ change, /** @type {object} */ body) => {
    await page.click('[aria-label="Edit channel Main"]');
    await unfold(page, 'backup');
    await change();
    await submit(page);
    await page.waitForSelector('#channel-dialog', { state: 'hidden' });
    assert.deepEqual(server.calls.at(-1), { call: 'PUT /api/channels/c1', body });
  };
  await edit(() => page.fill('#failover-timeout', '900'), { failover: { timeout_ms: 900 } });
  await edit(() => page.fill('#backup-port', '5200'), { backup: { ...BACKUP, rtp_port: 5200 } });
  await edit(async () => {
    await page.fill('#failover-timeout', 'nonsense that is not used');
    await page.selectOption('#failover-mode', 'merge');
    assert.equal(await page.isVisible('#failover-timeout'), false);
    await page.fill('#failover-merge', '400');
  }, { failover: { mode: 'merge', merge_ms: 400 } });
  await edit(() => page.selectOption('#failover-mode', ''), { backup: null });
  assert.equal(server.channels[0].inputs?.length, 1);
});

pageTest('what is refused stands beside its field, unfolded, with the entry at fault selected', [
  { ...oneChannel(), rtp_port: 6000 },
], async ({ page, complaints }) => {
  await page.click('[aria-label="Edit channel News"]');
  await unfold(page, 'sources');
  await page.fill('#channel-sources', '10.0.0.1\nnonsense, 10.0.0.2');
  await unfold(page, 'sources');
  await submit(page);
  await reads(page, '#channel-sources-error', 'Entry 2: sources[1] must be an address or a prefix');
  assert.equal(await page.isVisible('#channel-sources-error'), true);
  assert.equal(await focus(page), 'channel-sources');
  assert.equal(await page.getAttribute('#channel-sources', 'aria-invalid'), 'true');
  assert.equal(await page.evaluate(() => {
    const { value, selectionStart, selectionEnd } = /** @type {HTMLTextAreaElement} */ (document.activeElement);
    return value.slice(selectionStart, selectionEnd);
  }), 'nonsense');
  await page.fill('#channel-sources', '');
  assert.equal(await page.isVisible('#channel-sources-error'), false);

  await unfold(page, 'backup');
  await page.selectOption('#failover-mode', 'failover');
  await submit(page);
  await reads(page, '#backup-port-error', 'A whole number from 1 to 65535.');
  await page.fill('#backup-port', '6000');
  await submit(page);
  await reads(page, '#backup-port-error', 'port 6000 is the primary input\'s');
  assert.equal(await focus(page), 'backup-port');
  await page.fill('#backup-port', '6002');
  await page.fill('#backup-sources', '::1 x');
  await submit(page);
  await reads(page, '#backup-sources-error', 'Entry 2: backup.sources[1] must be an address or a prefix');
  assert.equal(await page.isVisible('#channel-sources-error'), false);
  await page.fill('#backup-sources', '');
  await page.fill('#failover-timeout', '49');
  await submit(page);
  await reads(page, '#failover-timeout-error', 'A whole number from 50 to 60000.');
  expectComplaint(complaints, /status of 4(09|22)/);
});

pageTest('interfaces are offered by name', [], async ({ page }) => {
  await page.click('#new-channel');
  assert.deepEqual(await page.locator('#interface-names option').evaluateAll(
    (options) => options.map((option) => option.getAttribute('value'))), ['eth1']);
});

pageTest('an older server: a channel is made and changed as ever', [oneChannel()], async ({ page, server, complaints }) => {
  await page.click('[aria-label="Edit channel News"]');
  assert.equal(await page.locator('#channel-dialog details:visible').count(), 0, 'what it does not know is not offered');
  await page.fill('#channel-port', '5002');
  await submit(page);
  await reads(page, '.channel-row .address', '0.0.0.0:5002');
  await page.click('#new-channel');
  await page.fill('#channel-name', 'Second');
  await page.fill('#channel-port', '5004');
  await submit(page);
  await reads(page, '.shown', '2 channels');
  assert.deepEqual(server.calls.map(({ body }) => body), [
    { rtp_port: 5002 }, { name: 'Second', rtp_ip: '0.0.0.0', rtp_port: 5004, autostart: false },
  ]);
  await page.click('#new-channel');
  await page.fill('#channel-name', 'Third');
  await page.fill('#channel-port', '5006');
  await unfold(page, 'reorder_ms');
  await page.selectOption('#channel-fec', 'auto');
  await submit(page);
  await reads(page, '#channel-fec-error', 'unknown field fec');
  expectComplaint(complaints, /status of 422/);
}, { old: true });

pageTest('the dialog fits a phone, its buttons in view', [], async ({ page }) => {
  await page.click('#new-channel');
  for (const needs of ['reorder_ms', 'sources', 'backup']) await unfold(page, needs);
  await page.selectOption('#failover-mode', 'failover');
  const { wide, bottom } = await page.evaluate(() => {
    const dialog = /** @type {HTMLElement} */ (document.querySelector('#channel-dialog'));
    const button = /** @type {HTMLElement} */ (dialog.querySelector('[type="submit"]'));
    return { wide: dialog.scrollWidth - dialog.clientWidth, bottom: button.getBoundingClientRect().bottom };
  });
  assert.ok(wide <= 0, `${wide} pixels stick out`);
  assert.ok(bottom <= 640, `the button ends at ${bottom}`);
}, { viewport: { width: 360, height: 640 } });
