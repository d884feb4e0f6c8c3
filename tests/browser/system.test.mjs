// @ts-check
/** The view of the system: interfaces, what would help them, and what happened last. */

import assert from 'node:assert/strict';
import { makeSystem } from './fake-data.mjs';
import { expectComplaint, oneChannel, pageTest, reads, until } from './page-setup.mjs';

/** @typedef {import('playwright-core').Page} Page */

const FIX = 'ip link set dev eth1 mtu 3498';

/** An interface in a worse mode than it could be. */
function degraded() {
  const system = makeSystem();
  const info = system.interfaces[0];
  Object.assign(info, {
    mode: 'xdp-generic', mtu: 9001, reason: 'MTU 9001 is over 3498',
    steps: [{ mode: 'zero-copy', reason: 'not this driver', fix: null }, { mode: 'xdp', reason: 'MTU 9001 is over 3498', fix: FIX }],
    preflight: [
      { severity: 'refused', sentence: 'MTU 9001 is over 3498', command: FIX },
      { severity: 'note', sentence: '<b>VLAN</b> tags are stripped', command: 'ethtool -K eth1 rxvlan off' },
    ],
  });
  for (const queue of info.queues ?? []) if (queue.queue > 0) queue.mode = 'copy';
  Object.assign(info.queues?.[2] ?? {}, { rx_dropped: 41, rx_ring_full: 1 });
  return system;
}

/** @param {Page} page */
async function open(page) {
  await page.click('#open-system');
  await page.waitForSelector('.interface-card');
}

pageTest('interfaces: modes, drops, why no better mode, and what would help', [], async ({ page, server }) => {
  await open(page);
  await reads(page, '.interface-card h4', /^eth1\s+native XDP$/);
  await reads(page, '.interface-card [data-part="facts"]', 'driver ena, MTU 1500, 10.0 Gb/s');
  await reads(page, '.interface-card [data-part="queues-note"]', '4 queues, zero-copy, 0 dropped');
  assert.equal(await page.isVisible('.steps'), false);
  await reads(page, '#system-dialog .facts', /Version0\.1\.0Kernel6\.12\.0, x86_64CPUs8.*67\.1 MB, limit 134 MB.*cap_net_raw, cap_bpf/);
  server.system = degraded();
  await reads(page, '.interface-card .state', 'generic XDP');
  assert.equal(await page.getAttribute('.interface-card .state', 'data-tone'), 'warn');
  assert.deepEqual(await page.locator('.steps p').allTextContents(), [
    'No zero-copy: not this driver', 'No native XDP: MTU 9001 is over 3498', '<b>VLAN</b> tags are stripped',
  ]);
  assert.deepEqual(await page.locator('.steps code').allTextContents(), [FIX, 'ethtool -K eth1 rxvlan off']);
  await reads(page, '.interface-card [data-part="queues-note"]', '4 queues, 1 zero-copy and 3 copy, 42 dropped');
  await page.click('[data-part="queues-note"]');
  await reads(page, 'tbody tr:nth-child(3)', '2copy8 192308 6414110');
  assert.equal(await page.getAttribute('tbody tr:nth-child(3) td:nth-child(5)', 'data-level'), 'fault');
  await page.click('.interface-card [data-part="verdicts"] summary');
  await reads(page, '.account-line[title="redirected"]', 'To the channels1 234 567');
  Object.assign(server.system.interfaces[0], { up: false });
  await reads(page, '.interface-card .state', 'Down');
  assert.equal(await page.isVisible('tbody'), true, 'what was unfolded stays so');
  server.system.interfaces = [];
  await page.waitForSelector('.interface-card', { state: 'detached' });
  await reads(page, '[data-part="no-interfaces"]', /^None is served by XDP/);
});

pageTest('the system is asked for while its view is open, and not otherwise', [], async ({ page, server }) => {
  const asked = () => server.calls.filter(({ call }) => call === 'GET /api/system').length;
  await page.waitForTimeout(300);
  assert.equal(asked(), 0);
  const began = performance.now();
  await open(page);
  await until(() => asked() >= 3, 'the third question');
  const took = performance.now() - began;
  assert.ok(took > 3900, `asked three times within ${took} ms`);
  await page.keyboard.press('Escape');
  await page.waitForTimeout(1000);
  const last = asked(); // one may have been on its way
  await page.waitForTimeout(2500);
  assert.equal(asked(), last);
  await open(page);
  await page.click('#system-dialog [data-part="close"]');
  assert.equal(await page.isVisible('#system-dialog'), false);
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'open-system');
});

for (const clipboard of [true, false]) {
  pageTest(`a command is copied ${clipboard ? 'to the clipboard' : 'where pages have no clipboard'}`, [], async ({ page, server }) => {
    server.system = degraded();
    await page.evaluate((has) => {
      const copied = /** @type {string[]} */ ([]);
      Object.assign(window, { copied });
      document.addEventListener('copy', () => copied.push(String(getSelection())));
      const value = has ? { writeText: async (/** @type {string} */ text) => copied.push(text) } : undefined;
      Object.defineProperty(navigator, 'clipboard', { value });
    }, clipboard);
    await open(page);
    // For two seconds alone, which a test may sleep through.
    await page.evaluate(() => {
      const said = /** @type {string[]} */ ([]);
      Object.assign(window, { said });
      new MutationObserver(() => said.push(document.querySelector('.command [data-part="copy"]')?.textContent ?? ''))
        .observe(document, { subtree: true, childList: true, characterData: true });
    });
    await page.click('.command button');
    await page.waitForFunction(() => /** @type {any} */ (window).said.includes('Copied'));
    assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).copied), [FIX]);
    await reads(page, '.command [data-part="copy"]', 'Copy');
  });
}

pageTest('events: those before the page was opened, and those that come', [], async ({ page, server }) => {
  server.report('interface_down', 'eth1', 'interface eth1 is down');
  for (let i = 0; i < 60; i += 1) server.events.push({ ...server.events[0], id: i + 2, text: `number ${i}` });
  await page.reload();
  await page.waitForSelector('#connection[data-state="live"]');
  await page.click('#open-system');
  await reads(page, '.events li:last-child .text', 'interface eth1 is down');
  assert.equal(await page.locator('.events li').count(), 61, 'the snapshot has the last 50, the rest is asked for');
  await reads(page, '.events li:last-child .state', 'Interface down');
  server.report('input_switched', 'c1', 'channel "<i>News</i>": switched to backup');
  await reads(page, '.events li:first-child .text', 'channel "<i>News</i>": switched to backup');
  server.report('never_heard_of', '', 'something else');
  await reads(page, '.events li:first-child .state', 'never heard of');
  assert.match(await page.locator('.events time').first().getAttribute('datetime') ?? '', /^\d{4}-.*Z$/);
  assert.equal(await page.locator('.events li').count(), 63);
  assert.equal(server.calls.filter(({ call }) => call === 'GET /api/events').length, 1);
});

pageTest('a server that was started anew counts its events from 1', [], async ({ page, server }) => {
  for (let i = 0; i < 5; i += 1) server.report('signal_lost', 'c1', `old ${i}`);
  await page.click('#open-system');
  await reads(page, '.events li:first-child .text', 'old 4');
  await page.keyboard.press('Escape');
  await server.stop();
  server.events = [];
  await server.start();
  server.report('signal_back', 'c1', 'new');
  await reads(page, '#connection [data-part="word"]', 'Live');
  await page.click('#open-system');
  await reads(page, '.events', /^\S+ \S+Signal backnew$/);
});

pageTest('the summary warns of an interface that is not in its best mode', [], async ({ page, server }) => {
  assert.equal(await page.locator('#summary small').count(), 0);
  server.interfaces[0] = { ...server.interfaces[0], mode: 'xdp-generic', reason: 'MTU 9001 is over 3498' };
  server.push([]);
  await reads(page, '#summary small', 'MTU 9001 is over 3498');
  assert.equal(await page.isVisible('#summary small svg'), true, 'by more than its colour');
});

pageTest('an older server does not tell that much', [oneChannel()], async ({ page, complaints }) => {
  await page.click('#open-system');
  await reads(page, '#system-dialog [data-part="error"]', 'This server is an older one, which does not tell that much.');
  assert.equal(await page.isVisible('[data-part="no-events"]'), true);
  await page.keyboard.press('Escape');
  expectComplaint(complaints, /status of 404/);
}, { old: true });

pageTest('the view fits a phone', [], async ({ page, server }) => {
  server.system = degraded();
  server.report('ingest_mode', 'eth1', `interface eth1: ${'averylongword'.repeat(15)}`);
  await open(page);
  await page.click('[data-part="queues-note"]');
  const wide = await page.evaluate(() => {
    const dialog = /** @type {HTMLElement} */ (document.querySelector('#system-dialog'));
    return dialog.scrollWidth - dialog.clientWidth;
  });
  assert.ok(wide <= 0, `${wide} pixels stick out`);
}, { viewport: { width: 360, height: 640 } });
