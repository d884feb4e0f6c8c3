// @ts-check
/**
 * The dashboard against a running medialive-distributor, from an empty form to a deleted channel:
 * DISTRIBUTOR_URL=http://127.0.0.1:8000/ node --test real.test.mjs
 * The program must run on this machine, for the test sends it a stream over loopback, to the UDP port
 * DISTRIBUTOR_TEST_PORT (default 29004) and that port + 10. Channels that are there already are left alone.
 */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { launch, openPage } from './browser.mjs';

const url = process.env.DISTRIBUTOR_URL;
const port = process.env.DISTRIBUTOR_TEST_PORT ?? '29004';
const BACKUP_OFFSET = 10;
const NAME = `Browser test ${process.pid}`;

/** @typedef {import('playwright-core').Page} Page */

/**
 * RTP (RFC 3550) with seven TS null packets every 5 ms, until it is told to stop.
 * @param {number} [offset] from the port
 * @param {number} [pid] of the TS packets: 8191 are null packets
 * @returns {() => void}
 */
function sendStream(offset = 0, pid = 0x1fff) {
  const socket = createSocket('udp4');
  const datagram = Buffer.alloc(12 + 7 * 188, 0xff);
  datagram.set([0x80, 33, 0, 0, 0, 0, 0, 0, 0xca, 0xfe, 0xba, 0xbe]);
  for (let at = 12; at < datagram.length; at += 188) datagram.set([0x47, pid >> 8, pid & 0xff, 0x10], at);
  let sequence = 65_500; /* wraps within the test */
  const timer = setInterval(() => {
    datagram.writeUInt16BE(sequence, 2);
    datagram.writeUInt32BE((performance.now() * 90) >>> 0, 4);
    sequence = (sequence + 1) & 0xffff;
    socket.send(datagram, Number(port) + offset, '127.0.0.1');
  }, 5);
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    clearInterval(timer);
    socket.close();
  };
}

/**
 * A stream comes in: its state, bit rate and losses (none) are on show; it ends, and that is too.
 * @param {import('playwright-core').Locator} channel
 */
async function watchStream(channel) {
  const stop = sendStream();
  try {
    await channel.locator('.channel-row .state', { hasText: 'Receiving' }).waitFor();
    await channel.locator('.channel-row [data-part="bitrate"]', { hasText: /[1-9].*[kM]b\/s/ }).waitFor();
    assert.equal(await channel.locator('.channel-row [data-part="lost"] .value').textContent(), '0');
  } finally {
    stop();
  }
  await channel.locator('.channel-row .state', { hasText: 'No signal' }).waitFor();
}

/** @param {Page} page */
async function lifeCycle(page) {
  const channel = page.locator('.channel').filter({ has: page.getByText(NAME, { exact: true }) });
  const state = channel.locator('.channel-row .state');

  await page.click('#new-channel');
  await page.fill('#channel-name', NAME);
  await page.fill('#channel-ip', '127.0.0.1');
  await page.fill('#channel-port', port);
  await page.click('#channel-dialog [type="submit"]');
  await channel.waitFor();
  assert.equal(await state.textContent(), 'Stopped');

  // The same port once more is refused, beside the field.
  await page.click('#new-channel');
  await page.fill('#channel-name', `${NAME} twice`);
  await page.fill('#channel-ip', '127.0.0.1');
  await page.fill('#channel-port', port);
  await page.click('#channel-dialog [type="submit"]');
  await page.waitForSelector('#channel-port-error:not([hidden])');
  await page.keyboard.press('Escape');

  // A URL that is none, then one that nobody answers on.
  await channel.locator('.channel-row [data-action="add-output"]').click();
  await page.fill('#output-url', 'nonsense');
  await page.click('#output-dialog [type="submit"]');
  await page.waitForSelector('#output-url-error:not([hidden])');
  await page.fill('#output-url', 'srt://127.0.0.1:29005?mode=caller&passphrase=a-long-secret');
  await page.fill('#output-name', 'Nobody');
  await page.click('#output-dialog [type="submit"]');
  const output = channel.locator('.output-row');
  await output.waitFor();
  const address = await output.locator('.address').textContent() ?? '';
  assert.match(address, /passphrase=\*\*\*/);
  assert.doesNotMatch(address, /a-long-secret/);

  await channel.locator('[data-action="toggle-channel"]').click();
  await channel.locator('.channel-row .state', { hasText: /Waiting|No signal/ }).waitFor();
  await output.locator('.state', { hasText: /Connecting|Retrying/ }).waitFor();
  await watchStream(channel);

  // Its details, and counting anew.
  await output.locator('[data-action="account-output"]').click();
  const detail = channel.locator('.output-detail');
  await detail.locator('.account-line[title="msRTT"]').waitFor();
  await detail.locator('[data-action="reset-output"]').click();
  await detail.locator('[data-part="since"]', { hasText: /reset of 20\d\d-/ }).waitFor();
  await output.locator('[data-action="account-output"]').click();
  await detail.waitFor({ state: 'detached' });

  // The URL with its *** can be sent back, for the same peer.
  await output.locator('[data-action="edit-output"]').click();
  await page.fill('#output-url', (await page.inputValue('#output-url')).replace('?', '?latency=300&'));
  await page.click('#output-dialog [type="submit"]');
  await page.waitForSelector('#output-dialog', { state: 'hidden' });
  await output.locator('.address', { hasText: 'latency=300' }).waitFor();

  await output.locator('[data-action="toggle-output"]').click();
  await output.locator('.state', { hasText: 'Disabled' }).waitFor();
  await output.locator('[data-action="delete-output"]').click();
  await page.click('#confirm-dialog [type="submit"]');
  await output.waitFor({ state: 'detached' });

  await channel.locator('[data-action="edit-channel"]').click();
  await page.fill('#channel-name', `${NAME} renamed`);
  await page.click('#channel-dialog [type="submit"]');
  const renamed = page.locator('.channel').filter({ has: page.getByText(`${NAME} renamed`, { exact: true }) });
  await renamed.waitFor();
  await renamed.locator('[data-action="toggle-channel"]').click();
  await renamed.locator('.channel-row .state', { hasText: 'Stopped' }).waitFor();
  await renamed.locator('[data-action="delete-channel"]').click();
  await page.click('#confirm-dialog [type="submit"]');
  await renamed.waitFor({ state: 'detached' });
}

/**
 * A second input and an allowlist: entered, refused, shown, failed over to and switched back by hand.
 * @param {Page} page
 */
async function secondInput(page) {
  const name = `${NAME} twin`;
  const channel = page.locator('.channel').filter({ has: page.getByText(name, { exact: true }) });
  const input = (/** @type {string} */ which) => channel.locator(`[data-input="${which}"]`);
  await page.click('#new-channel');
  await page.fill('#channel-name', name);
  await page.fill('#channel-port', port);
  await page.click('[data-needs="sources"] summary');
  await page.fill('#channel-sources', '127.0.0.0/8\n127.0.0.1/8');
  await page.click('[data-needs="backup"] summary');
  await page.selectOption('#failover-mode', 'failover');
  await page.fill('#backup-port', String(Number(port) + BACKUP_OFFSET));
  await page.click('#channel-dialog [type="submit"]');
  await page.locator('#channel-sources-error', { hasText: /^Entry 2: / }).waitFor();
  await page.fill('#channel-sources', '127.0.0.0/8');
  await page.click('#channel-dialog [type="submit"]');
  await input('backup').waitFor();

  await channel.locator('[data-action="toggle-channel"]').click();
  let stopPrimary = sendStream(0, 0x100);
  const stopBackup = sendStream(BACKUP_OFFSET, 0x100);
  try {
    await input('primary').locator('.role', { hasText: 'in use' }).waitFor();
    await input('backup').locator('.state', { hasText: 'Receiving' }).waitFor();
    stopPrimary();
    await input('backup').locator('.role', { hasText: 'in use' }).waitFor();
    await input('primary').locator('.state', { hasText: 'No signal' }).waitFor();
    stopPrimary = sendStream(0, 0x100);
    await input('primary').locator('.state', { hasText: 'Receiving' }).waitFor();
    await input('primary').locator('[data-action="switch-input"]').click();
    await input('primary').locator('.role', { hasText: 'in use' }).waitFor();
    await channel.locator('[data-action="account"]').click();
    await channel.locator('.account-line[title="datagrams_received"] dd', { hasText: /[1-9]/ }).waitFor();
  } finally {
    stopPrimary();
    stopBackup();
  }
  await page.click('#open-system');
  await page.locator('.events .state', { hasText: 'Input switched' }).first().waitFor();
  await page.locator('#system-dialog .facts', { hasText: /Kernel\d/ }).waitFor();
  await page.keyboard.press('Escape');
  await channel.locator('[data-action="delete-channel"]').click();
  await page.click('#confirm-dialog [type="submit"]');
  await channel.waitFor({ state: 'detached' });
}

/**
 * Whatever a failed run left behind goes away again.
 * @param {string} base
 */
async function cleanUp(base) {
  const response = await fetch(new URL('api/channels', base));
  const { channels } = await response.json();
  for (const { id, name } of channels) {
    if (name.startsWith(NAME)) await fetch(new URL(`api/channels/${id}`, base), { method: 'DELETE' });
  }
}

for (const [name, run] of /** @type {const} */ ([['the life of a channel', lifeCycle], ['a second input', secondInput]])) {
  test(name, { skip: !url && 'DISTRIBUTOR_URL is not set', timeout: 180_000 }, async () => {
    const base = String(url);
    const browser = await launch();
    try {
      const { page, complaints } = await openPage(browser, base);
      await page.waitForSelector('#connection[data-state="live"]');
      await run(page);
      const unexpected = complaints.filter((text) => !/status of 4(09|22)/.test(text));
      assert.deepEqual(unexpected, [], 'the page complained');
    } finally {
      await browser.close();
      await cleanUp(base);
    }
  });
}
