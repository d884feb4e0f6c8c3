// @ts-check
/**
 * Tests of the dashboard in Chromium against the fake server. Each has a server and a page of its own,
 * and at its end the page must not have complained: no error in the console, no exception, no breach of
 * the content security policy, no request to another host.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { makeChannel, makeOutput } from './fake-data.mjs';
import { FakeServer, ageChannel } from './fake-server.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('playwright-core').Browser} */
export let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

export const TIMEOUT_MS = 180_000;
export const SRT = 'srt://relay.example.net:7000?latency=200&passphrase=***';

/**
 * @typedef {object} Setting
 * @property {Page} page
 * @property {FakeServer} server
 * @property {string[]} complaints what the page has complained about so far; a test takes out what it provoked
 */

/**
 * @param {string} name
 * @param {import('../../dashboard/types.js').Channel[]} channels
 * @param {(setting: Setting) => Promise<void>} run
 * @param {import('playwright-core').BrowserContextOptions & {old?: boolean}} [options] old: the server is an older one
 */
export function pageTest(name, channels, run, { old = false, ...options } = {}) {
  test(name, { timeout: TIMEOUT_MS }, async () => {
    const server = new FakeServer();
    server.old = old;
    server.channels = structuredClone(channels);
    if (old) server.channels.forEach(ageChannel);
    await server.start();
    let opened;
    try {
      opened = await openPage(browser, server.url, options);
      const { page, complaints } = opened;
      await page.waitForSelector('#connection[data-state="live"]');
      await run({ page, server, complaints });
      assert.deepEqual(complaints, [], 'the page complained');
    } finally {
      await opened?.close();
      await server.stop();
    }
  });
}

/**
 * Chromium reports each answer of 400 and above and each refused connection in the console by itself:
 * take out the ones that a test provokes.
 * @param {string[]} complaints
 * @param {RegExp} pattern
 */
export function expectComplaint(complaints, pattern) {
  assert.ok(complaints.some((text) => pattern.test(text)), `no ${pattern} in ${complaints}`);
  complaints.splice(0, Infinity, ...complaints.filter((text) => !pattern.test(text)));
}

/**
 * Wait until something is so that is not on the page.
 * @param {() => boolean | Promise<boolean>} condition
 * @param {string} what
 */
export async function until(condition, what) {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  assert.fail(`it never came about: ${what}`);
}

/**
 * Wait until the focus is on the element with this label. A row may change before the answer is there that closes a dialog.
 * @param {Page} page
 * @param {string} label
 */
export async function focused(page, label) {
  const focus = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  await until(async () => await focus() === label, `the focus on "${label}"`);
}

/**
 * Wait until a part of the page reads like this.
 * @param {Page} page
 * @param {string} selector
 * @param {string | RegExp} expected
 */
export async function reads(page, selector, expected) {
  const matches = (/** @type {string} */ text) => (
    expected instanceof RegExp ? expected.test(text) : text === expected);
  let text = '';
  for (let tries = 0; tries < 400; tries += 1) {
    text = ((await page.locator(selector).first().textContent()) ?? '').replace(/[\u00a0\u202f]/g, ' ').trim();
    if (matches(text)) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`${selector} reads "${text}", not ${expected}`);
}

/** One running channel with two outputs. */
export function oneChannel() {
  return makeChannel({
    id: 'c1', name: 'News', rtp_port: 5000, desired: 'running', state: 'receiving', stats: { bitrate_bps: 5_010_000 },
    outputs: [
      makeOutput({ id: 'o1', name: 'Relay', url: SRT, state: 'connected', connected_at: new Date().toISOString() }),
      makeOutput({ id: 'o2', name: 'Video site', url: 'rtmp://live.example.net/app/***', state: 'connecting' }),
    ],
  });
}
