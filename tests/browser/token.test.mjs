// @ts-check
/**
 * The page of a program that asks for a token: against the fake server, and against the program itself with HTTPS
 * (DISTRIBUTOR_TOKEN_URL, DISTRIBUTOR_TOKEN).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from './browser.mjs';
import { TIMEOUT_MS, browser, expectComplaint, oneChannel, pageTest, reads } from './page-setup.mjs';

const TOKEN = 'a-token-of_24.characters~';
const REFUSED = /401|WebSocket|ERR_CONNECTION/;

/** @param {import('playwright-core').Page} page @param {string} token */
async function unlock(page, token) {
  await page.fill('#token', token);
  await page.click('#token-dialog [data-part="submit"]');
}

pageTest('the token is asked for, tried and kept for the tab', [oneChannel()], async ({ page, server, complaints }) => {
  server.token = TOKEN;
  await page.reload();
  await page.waitForSelector('#token-dialog[open]');
  await page.waitForSelector('#connection[data-state="locked"]');
  assert.equal(await page.locator('.channel').count(), 0);
  assert.equal(await page.getAttribute('#token', 'type'), 'password');

  await unlock(page, 'too short');
  await reads(page, '#token-error', /16 to 256/);
  await unlock(page, 'not/to/be/sent/in/a/handshake');
  await reads(page, '#token-error', /16 to 256/);
  await unlock(page, `${TOKEN}x`);
  await reads(page, '#token-error', 'This is not the token of the distributor.');
  assert.ok(await page.isVisible('#token-dialog'));

  await unlock(page, ` ${TOKEN} `);
  await page.waitForSelector('#connection[data-state="live"]');
  assert.ok(await page.isHidden('#token-dialog'));
  await page.click('.channel-row [data-action="toggle-channel"]');
  await page.click('#confirm-dialog [data-part="submit"]');
  await page.waitForFunction(() => !document.querySelector('#confirm-dialog')?.hasAttribute('open'));
  assert.equal(server.calls.at(-1)?.call, 'POST /api/channels/c1/stop');

  await page.reload();
  await page.waitForSelector('#connection[data-state="live"]');
  assert.ok(!(await page.evaluate(() => JSON.stringify(localStorage) + document.cookie)).includes(TOKEN));
  assert.ok(!page.url().includes(TOKEN));
  expectComplaint(complaints, REFUSED);
});

pageTest('a token that is changed is asked for again, and the page tells that it is locked', [oneChannel()],
  async ({ page, server, complaints }) => {
    server.token = TOKEN;
    await server.stop();
    await server.start();
    await page.click('#connection [data-part="retry"]');
    await page.waitForSelector('#token-dialog[open]');
    await page.click('#token-dialog [data-part="cancel"]');
    await reads(page, '#connection', /Locked/);
    await page.click('#connection [data-part="retry"]');
    await page.waitForSelector('#token-dialog[open]');
    await unlock(page, TOKEN);
    await page.waitForSelector('#connection[data-state="live"]');
    expectComplaint(complaints, REFUSED);
  });

const { DISTRIBUTOR_TOKEN_URL: url, DISTRIBUTOR_TOKEN: token = '' } = process.env;

test('the program itself, by HTTPS', { timeout: TIMEOUT_MS, skip: url ? false : 'DISTRIBUTOR_TOKEN_URL is not set' }, async () => {
  const { page, complaints, close } = await openPage(browser, String(url), { ignoreHTTPSErrors: true });
  try {
    await page.waitForSelector('#token-dialog[open]');
    await unlock(page, 'a-token-that-it-is-not');
    await reads(page, '#token-error', 'This is not the token of the distributor.');
    await unlock(page, token);
    await page.waitForSelector('#connection[data-state="live"]');
    await page.click('#new-channel');
    await page.fill('#channel-name', 'Locked away');
    await page.fill('#channel-port', '29204');
    await page.click('#channel-dialog [type="submit"]');
    await reads(page, '.channel-row [data-part="name"]', 'Locked away');
    await page.reload();
    await reads(page, '.channel-row [data-part="name"]', 'Locked away');
    await page.click('.channel-row [data-action="delete-channel"]');
    await page.click('#confirm-dialog [data-part="submit"]');
    await page.waitForSelector('#empty:not([hidden])');
    expectComplaint(complaints, REFUSED);
    assert.deepEqual(complaints, []);
  } finally {
    await close();
  }
});
