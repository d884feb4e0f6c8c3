// @ts-check
/** The page as a whole: its rows, dialogs and summary, the link to the server, keyboard and widths. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from './browser.mjs';
import { makeChannel, makePlant } from './fake-data.mjs';
import { FakeServer } from './fake-server.mjs';
import { SRT, TIMEOUT_MS, browser, expectComplaint, focused, oneChannel, pageTest, reads, until } from './page-setup.mjs';

pageTest('without channels the page says what to do first, and the first one can be made', [], async ({ page, server }) => {
  await reads(page, '#empty h2', 'No channels yet');
  assert.equal(await page.isVisible('#channels'), false);
  await page.click('#empty button');
  await page.fill('#channel-name', 'Studio <b>A</b>');
  await page.fill('#channel-port', '5004');
  await page.click('#channel-dialog [type="submit"]');
  await reads(page, '.channel-row .name', 'Studio <b>A</b>');
  await reads(page, '.channel-row .address', '0.0.0.0:5004');
  await reads(page, '.channel-row .state', 'Stopped');
  assert.equal(await page.isVisible('#empty'), false);
  await page.waitForSelector('#channel-dialog', { state: 'hidden' });
  assert.deepEqual(server.calls, [{
    call: 'POST /api/channels', body: { name: 'Studio <b>A</b>', rtp_ip: '0.0.0.0', rtp_port: 5004, autostart: false },
  }]);
  await focused(page, 'Add output to Studio <b>A</b>');
});

pageTest('a channel starts at once, and stops after a question', [makeChannel({ id: 'c1', name: 'News', rtp_port: 5000, outputs: [] })], async ({ page, server }) => {
  await page.click('[aria-label="Start channel News"]');
  await reads(page, '.channel-row .state', 'Waiting');
  Object.assign(server.channels[0], { state: 'receiving' });
  server.push(server.channels);
  await reads(page, '.channel-row .state', 'Receiving');
  await page.click('[aria-label="Stop channel News"]');
  await reads(page, '#confirm-title', 'Stop channel News?');
  await page.click('#confirm-dialog [data-part="cancel"]');
  assert.equal(server.channels[0].desired, 'running');
  await page.click('[aria-label="Stop channel News"]');
  await page.click('#confirm-dialog [type="submit"]');
  await reads(page, '.channel-row .state', 'Stopped');
  assert.deepEqual(server.calls.map(({ call }) => call), ['POST /api/channels/c1/start', 'POST /api/channels/c1/stop']);
});

pageTest('what the server pushes is shown', [oneChannel()], async ({ page, server }) => {
  await reads(page, '.channel-row [data-part="bitrate"]', '5.01 Mb/s');
  await reads(page, '#summary [data-part="receiving"]', '1');
  await reads(page, '[data-part="problems-text"]', 'Nothing needs attention');
  const channel = server.channels[0];
  Object.assign(channel.stats, { bitrate_bps: 12_340_000, rtp_lost: 12_345, rtp_reordered: 2, rtp_restarts: 1, rejected_sync: 3, rejected_size: 4 });
  Object.assign(channel.outputs[0], { state: 'retrying', last_error: 'connect refused', retry_in_ms: 50_000, connected_at: null });
  Object.assign(channel.outputs[0].stats, { packets_lost: 7, frames_dropped: 8, reconnects: 9, bytes_sent: 1_500_000 });
  server.push([channel]);
  await reads(page, '.channel-row [data-part="bitrate"]', '12.3 Mb/s');
  await reads(page, '.channel-row [data-part="lost"] .value', '12 345');
  await reads(page, '.channel-row [data-part="reordered"] .value', '2');
  await reads(page, '.channel-row [data-part="restarts"] .value', '1');
  await reads(page, '.channel-row [data-part="rejected"] .value', '7');
  assert.match(await page.getAttribute('.channel-row [data-part="rejected"]', 'title') ?? '', /sync 3/);
  assert.equal(await page.getAttribute('.channel-row [data-part="lost"]', 'data-level'), 'growing');
  const output = '[data-output="o1"]';
  await reads(page, `${output} .state`, 'Retrying');
  await reads(page, `${output} [data-part="error"]`, 'connect refused');
  await reads(page, `${output} [data-part="note"]`, /^retry in ([34]\d|50) s$/);
  const seconds = async () => parseInt((await page.locator(`${output} [data-part="note"]`).textContent() ?? '').replace(/\D/g, ''), 10);
  const first = await seconds();
  await until(async () => await seconds() < first, 'that less time is left');
  await reads(page, `${output} [data-part="lost"] .value`, '7');
  await reads(page, `${output} [data-part="dropped"] .value`, '8');
  await reads(page, `${output} [data-part="reconnects"] .value`, '9');
  await reads(page, `${output} [data-part="sent"]`, '1.50 MB');
  await reads(page, '#summary [data-part="retrying"]', '1');
  await reads(page, '[data-part="problems-text"]', '1 needs attention');
  await reads(page, '[data-part="outputs-note"]', '0/2 connected');
  assert.equal(await page.getAttribute('[data-part="outputs-note"]', 'data-tone'), 'warn');
  assert.equal(await page.title(), '(1) MediaLive Distributor');
  server.push([], ['c1']);
  await reads(page, '#empty h2', 'No channels yet');
});

pageTest('ingest modes of the interfaces', [], async ({ page, server }) => {
  await reads(page, '#summary [data-part="interfaces"] li', 'eth1 native XDP, 4 queues');
  server.interfaces = [{ name: 'eth2', mode: 'udp', queues: 0, reason: '<i>no driver support</i>', rx_dropped: 3, rx_ring_full: 4 }];
  server.push([]);
  await reads(page, '#summary [data-part="interfaces"] li', 'eth2 kernel sockets, 7 dropped<i>no driver support</i>');
  server.interfaces = [];
  server.push([]);
  await reads(page, '#summary [data-part="interfaces"] li', 'kernel sockets on every interface');
});

pageTest('an error of the API stands beside the field it names', [oneChannel()], async ({ page, complaints }) => {
  await page.click('#new-channel');
  await page.fill('#channel-name', 'Second');
  await page.fill('#channel-port', '99999');
  await page.click('#channel-dialog [type="submit"]');
  await reads(page, '#channel-port-error', 'A whole number from 1 to 65535.');
  await page.fill('#channel-port', '5000');
  assert.equal(await page.isVisible('#channel-port-error'), false, 'typing takes the error away');
  await page.click('#channel-dialog [type="submit"]');
  await reads(page, '#channel-port-error', 'port 5000 is taken by channel "News"');
  assert.equal(await page.getAttribute('#channel-port', 'aria-invalid'), 'true');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'channel-port');
  await page.fill('#channel-port', '5001');
  await page.fill('#channel-ip', 'nonsense');
  await page.click('#channel-dialog [type="submit"]');
  await reads(page, '#channel-ip-error', /must be an IPv4/);
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#channel-dialog'), false);
  await page.click('#new-channel');
  assert.equal(await page.isVisible('#channel-ip-error'), false, 'a new dialog is a clean one');
  assert.equal(await page.inputValue('#channel-name'), '');
  expectComplaint(complaints, /status of 4(09|22)/);
});

pageTest('an error without a field stands in the dialog; one without a dialog becomes a message', [oneChannel()], async ({ page, server, complaints }) => {
  await page.click('[aria-label="Edit channel News"]');
  await page.fill('#channel-name', 'Renamed');
  server.channels = [];
  await page.click('#channel-dialog [type="submit"]');
  await reads(page, '#channel-dialog [data-part="error"]', 'no such channel');
  await page.keyboard.press('Escape');
  await page.click('[aria-label="Disable output Video site"]');
  await reads(page, '.notice p', 'Could not disable output Video site: no such channel');
  await page.click('.notice button');
  assert.equal(await page.locator('.notice').count(), 0);
  expectComplaint(complaints, /status of 404/);
});

pageTest('outputs are added, changed, disabled, enabled and deleted', [oneChannel()], async ({ page, server, complaints }) => {
  await page.click('.channel-row [data-action="add-output"]');
  await page.fill('#output-url', 'http://wrong.example.net');
  await page.click('#output-dialog [type="submit"]');
  await reads(page, '#output-url-error', /must begin with srt/);
  expectComplaint(complaints, /status of 422/);
  await page.fill('#output-url', 'srt://new.example.net:9000');
  await page.click('#output-dialog [type="submit"]');
  await page.waitForSelector('.output-row:nth-child(4)');
  await reads(page, '.output-row:nth-child(4) .name', 'srt://new.example.net');
  assert.deepEqual(server.calls.at(-1)?.body, { url: 'srt://new.example.net:9000', enabled: true });

  await page.click('[aria-label="Edit output Relay"]');
  assert.equal(await page.inputValue('#output-url'), SRT);
  assert.equal(await page.isVisible('[data-part="secret-hint"]'), true);
  await page.fill('#output-url', SRT.replace('200', '300'));
  await page.click('#output-dialog [type="submit"]');
  await reads(page, '[data-output="o1"] .address', SRT.replace('200', '300'));
  assert.deepEqual(server.calls.at(-1), {
    call: 'PUT /api/channels/c1/outputs/o1', body: { url: 'srt://relay.example.net:7000?latency=300&passphrase=***' },
  });

  await page.click('[aria-label="Disable output Relay"]');
  await page.click('#confirm-dialog [type="submit"]');
  await reads(page, '[data-output="o1"] .state', 'Disabled');
  await page.click('[aria-label="Enable output Relay"]');
  await reads(page, '[data-output="o1"] .state', 'Connecting');

  await page.click('[aria-label="Delete output Relay"]');
  await reads(page, '#confirm-title', 'Delete output Relay?');
  await page.keyboard.press('Escape');
  assert.equal(server.channels[0].outputs.length, 3);
  await page.click('[aria-label="Delete output Relay"]');
  await page.click('#confirm-dialog [type="submit"]');
  await page.waitForSelector('[data-output="o1"]', { state: 'detached' });
  assert.equal(server.channels[0].outputs.length, 2);
});

pageTest('only what was changed is sent, and nothing when nothing was', [oneChannel()], async ({ page, server }) => {
  await page.click('[aria-label="Edit channel News"]');
  await page.click('#channel-dialog [type="submit"]');
  await page.waitForSelector('#channel-dialog', { state: 'hidden' });
  assert.deepEqual(server.calls, []);
  await page.click('[aria-label="Edit channel News"]');
  await page.fill('#channel-name', 'News 24');
  await page.click('#channel-dialog [type="submit"]');
  await reads(page, '.channel-row .name', 'News 24');
  assert.deepEqual(server.calls, [{ call: 'PUT /api/channels/c1', body: { name: 'News 24' } }]);
});

pageTest('deleting a channel asks, says what goes off the air, and can be called off', [oneChannel()], async ({ page, server }) => {
  await page.click('[aria-label="Delete channel News"]');
  await reads(page, '#confirm-text', 'The channel and its 2 outputs will be gone for good. 1 connected output will go off the air.');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Cancel');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#confirm-dialog', { state: 'hidden' });
  assert.deepEqual(server.calls, []);
  await page.click('[aria-label="Delete channel News"]');
  await page.click('#confirm-dialog [type="submit"]');
  await reads(page, '#empty h2', 'No channels yet');
  assert.deepEqual(server.channels, []);
});

pageTest('a server that vanishes and comes back', [oneChannel()], async ({ page, server, complaints }) => {
  await server.stop();
  await reads(page, '#connection [data-part="word"]', 'Connection lost');
  await reads(page, '#connection [data-part="detail"]', /^Values are from \d\d:\d\d:\d\d\. Next try in \d+ s\.$/);
  await page.click('[aria-label="Edit channel News"]');
  await page.fill('#channel-name', 'While away');
  await page.click('#channel-dialog [type="submit"]');
  await reads(page, '#channel-dialog [data-part="error"]', /does not answer/);
  assert.equal(await page.inputValue('#channel-name'), 'While away', 'what was typed is kept');
  await page.keyboard.press('Escape');
  server.channels = [makeChannel({ name: 'Another', rtp_port: 5002 })];
  await server.start();
  await reads(page, '#connection [data-part="word"]', 'Live');
  await reads(page, '.channel-row .name', 'Another');
  assert.equal(await page.locator('.channel').count(), 1);
  expectComplaint(complaints, /WebSocket connection to|ERR_CONNECTION_REFUSED/);
});

pageTest('"Try now" does not wait for the pause to end', [oneChannel()], async ({ page, server }) => {
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 4000);
  await server.stop();
  await reads(page, '#connection [data-part="word"]', 'Connection lost');
  await server.start();
  await page.click('#connection button');
  await reads(page, '#connection [data-part="word"]', 'Live');
});

test('a server that falls silent without closing is given up', { timeout: TIMEOUT_MS }, async () => {
  const server = new FakeServer();
  server.channels = [oneChannel()];
  await server.start();
  const { page, close } = await openPage(browser, 'about:blank');
  try {
    await page.clock.install();
    await page.goto(server.url);
    await reads(page, '#connection [data-part="word"]', 'Live');
    await page.clock.runFor(30_000);
    await reads(page, '#connection [data-part="word"]', 'Live'); // silent, but it answers when asked
    server.frozen = true;
    await page.clock.runFor(11_000);
    await page.waitForTimeout(100);
    await page.clock.runFor(500);
    // The request gives up by the browser's own clock, not by the page's.
    await page.waitForSelector('#connection[data-state="lost"]');
  } finally {
    await close();
    await server.stop();
  }
});

pageTest('300 channels stay fluid', makePlant(300), async ({ page, server }) => {
  assert.equal(await page.locator('.channel').count(), 300);
  await reads(page, '.shown', '300 channels');
  await page.evaluate(() => {
    const state = Object.assign(window, { writes: 0 });
    new MutationObserver((records) => { state.writes += records.length; })
      .observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable', { timeDomain: 'threadTicks' }); // the page's own, not what else the machine does
  const workedMs = async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN);
  };
  server.push(server.channels);
  await page.waitForTimeout(300);
  const writes = await page.evaluate(() => /** @type {any} */ (window).writes);
  assert.ok(writes < 100, `only clocks moved, yet ${writes} writes`);
  let longest = 0;
  for (let round = 0; round < 3; round += 1) {
    const before = await workedMs();
    for (const { stats, outputs } of server.channels) {
      stats.bitrate_bps += 10_000 * (round + 1);
      for (const output of outputs) output.stats.bitrate_bps = stats.bitrate_bps;
    }
    server.push(server.channels);
    await page.waitForTimeout(300);
    longest = Math.max(longest, await workedMs() - before);
  }
  assert.ok(longest > 0 && longest < 400, `an update of all rows kept the page busy for ${longest} ms`);
});

pageTest('the filter, by text, by state and by trouble', makePlant(40), async ({ page }) => {
  await page.keyboard.press('/');
  await page.keyboard.type('parliament no signal');
  await reads(page, '.shown', '1 of 40 channels');
  await page.fill('#filter input', 'no such thing');
  await reads(page, '#no-match', /No channel matches/);
  await page.click('#no-match button');
  await reads(page, '.shown', '40 channels');
  await page.selectOption('#filter select', 'channel:stopped');
  await reads(page, '.shown', '5 of 40 channels');
  await page.click('[data-part="problems"]');
  assert.equal(await page.inputValue('#filter select'), 'problem');
  await reads(page, '.shown', '7 of 40 channels');
  await page.click('[data-part="problems"]');
  await reads(page, '.shown', '40 channels');
});

pageTest('outputs can be hidden, one by one and all at once, and that is remembered', [oneChannel()], async ({ page }) => {
  await page.click('[aria-label="Outputs of News"]');
  assert.equal(await page.isVisible('.output-row'), false);
  assert.equal(await page.getAttribute('[aria-label="Outputs of News"]', 'aria-expanded'), 'false');
  await page.click('[aria-label="Outputs of News"]');
  assert.equal(await page.isVisible('.output-row'), true);
  await page.click('[data-part="fold"]');
  assert.equal(await page.isVisible('.output-row'), false);
  await page.reload();
  await page.waitForSelector('.channel-row');
  assert.equal(await page.isVisible('.output-row'), false);
});

pageTest('everything can be done from the keyboard', [oneChannel()], async ({ page, server }) => {
  const focus = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  const press = async (/** @type {string[]} */ ...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip-link');
  await press('Enter', 'Tab');
  assert.equal(await focus(), 'Outputs of News');
  await press('Tab', 'Tab', 'Tab', 'Tab', 'Tab');
  assert.equal(await focus(), 'Delete channel News');
  const outline = await page.evaluate(() => getComputedStyle(/** @type {Element} */ (document.activeElement)).outlineStyle);
  assert.equal(outline, 'solid', 'the focus can be seen');
  await press('ArrowDown');
  assert.equal(await focus(), 'Delete output Relay');
  await press('ArrowDown');
  assert.equal(await focus(), 'Delete output Video site');
  await press('ArrowDown', 'ArrowUp', 'Enter');
  await page.waitForSelector('#confirm-dialog[open]');
  await press('Tab', 'Enter');
  await page.waitForSelector('[data-output="o1"]', { state: 'detached' });
  await page.waitForSelector('#confirm-dialog', { state: 'hidden' });
  await focused(page, 'Delete output Video site'); // the next row takes it over
  await press('ArrowUp', 'Shift+Tab', 'Enter');
  await page.waitForSelector('#channel-dialog[open]');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('By hand');
  await press('Enter');
  await reads(page, '.channel-row .name', 'By hand');
  await focused(page, 'Edit channel By hand'); // it comes back to where it was
  assert.equal(server.channels[0].name, 'By hand');
});

pageTest('a row that goes while its question is open leaves the focus nearby', [oneChannel()], async ({ page, server }) => {
  await page.click('[aria-label="Delete output Relay"]');
  const channel = server.channels[0];
  channel.outputs = channel.outputs.slice(1);
  server.push([channel]);
  await page.waitForSelector('[data-output="o1"]', { state: 'detached' });
  await page.click('#confirm-dialog [data-part="cancel"]');
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Delete output Video site');
});

for (const width of [360, 768, 1024, 1280]) {
  pageTest(`nothing sticks out at a width of ${width}`, makePlant(8), async ({ page }) => {
    const { wide, view } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth, view: document.documentElement.clientWidth,
    }));
    assert.ok(wide <= view, `the page is ${wide} wide`);
    assert.equal(await page.isVisible('.output-row [data-action="delete-output"]'), true);
  }, { viewport: { width, height: 800 } });
}
