// @ts-check
/** dashboard/condition.js: what states mean, what the summary counts, what the filter lets through. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  channelCondition, countProblems, countRejected, matchesFilter, outputCondition, summarise,
} from '../../dashboard/condition.js';
import { makeChannel, makeOutput } from './fake-data.mjs';

const SRT = 'srt://relay.example.net:7000?passphrase=***';

test('an output that is switched off is disabled; one that waits for its channel is stopped', () => {
  assert.equal(outputCondition(makeOutput({ url: SRT })).word, 'Stopped');
  assert.equal(outputCondition(makeOutput({ url: SRT, enabled: false })).word, 'Disabled');
  assert.equal(outputCondition(makeOutput({ url: SRT, enabled: false, state: 'connected' })).word, 'Connected');
});

test('a state that the page does not know is shown as it is, as something to look at', () => {
  const channel = makeChannel({ name: 'A', rtp_port: 1, state: /** @type {any} */ ('molten') });
  assert.equal(channelCondition(channel).word, 'molten');
  assert.equal(countProblems(channel), 1);
});

test('problems are counted in the channel and in each output', () => {
  const outputs = [
    makeOutput({ url: SRT, state: 'retrying' }), makeOutput({ url: SRT, state: 'error' }),
    makeOutput({ url: SRT, state: 'connecting' }), makeOutput({ url: SRT, state: 'connected' }),
  ];
  const at = (/** @type {any} */ state) => countProblems(makeChannel({ name: 'A', rtp_port: 1, state, outputs }));
  assert.deepEqual(['receiving', 'waiting', 'stopped', 'no_signal', 'error'].map(at), [2, 2, 2, 3, 3]);
});

test('rejected datagrams are the sum of their reasons', () => {
  const stats = { rejected_sync: 3, rejected_size: 4, rtp_lost: 100 };
  assert.equal(countRejected(makeChannel({ name: 'A', rtp_port: 1, stats })), 7);
});

test('the summary', () => {
  const channels = [
    makeChannel({ name: 'A', rtp_port: 1, desired: 'running', state: 'receiving', stats: { bitrate_bps: 5e6 }, outputs: [
      makeOutput({ url: SRT, state: 'connected', stats: { bitrate_bps: 4e6 } }), makeOutput({ url: SRT, state: 'retrying' }),
    ] }),
    makeChannel({ name: 'B', rtp_port: 2, desired: 'running', state: 'no_signal' }),
    makeChannel({ name: 'C', rtp_port: 3, outputs: [makeOutput({ url: SRT, state: 'error' })] }),
  ];
  assert.deepEqual(summarise(channels), {
    total: 3, running: 2, receiving: 1, outputs: 3, connected: 1, retrying: 1, failed: 1,
    problems: 3, inputBitrate: 5e6, outputBitrate: 4e6,
  });
});

test('the filter', () => {
  const channel = makeChannel({ name: 'News 24', rtp_port: 5010, state: 'receiving', outputs: [
    makeOutput({ name: 'YouTube', url: 'rtmp://live.example.net/app/***', state: 'retrying' }),
  ] });
  const table = /** @type {[string, string, boolean][]} */ ([
    ['', '', true], ['news', '', true], ['NEWS tube', '', true], ['sports', '', false], ['5010', '', true],
    ['live.example', '', true], ['receiving', '', true], ['retrying news', '', true], ['  ', '', true],
    ['', 'channel:receiving', true], ['', 'channel:stopped', false], ['', 'output:retrying', true],
    ['', 'output:connected', false], ['', 'problem', true], ['sports', 'problem', false],
  ]);
  for (const [text, state, expected] of table) {
    assert.equal(matchesFilter(channel, { text, state }), expected, `"${text}" "${state}"`);
  }
});
