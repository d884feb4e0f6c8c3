// @ts-check
/** dashboard/condition.js: what states mean, what the summary counts, what the filter lets through. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  channelCondition, countProblems, countRejected, eventCondition, interfaceCondition, matchesFilter, outputCondition,
  redundantInputs, summarise,
} from '../../dashboard/condition.js';
import { makeChannel, makeOutput, makeSystem } from './fake-data.mjs';

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

test('an input that is missing is a problem of its channel, one more than none', () => {
  const backup = { rtp_ip: '0.0.0.0', rtp_port: 2, sources: [], interface: null };
  const channel = makeChannel({ name: 'A', rtp_port: 1, state: 'receiving', backup });
  assert.equal(countProblems(channel), 0);
  redundantInputs(channel)[1].state = 'no_signal';
  assert.equal(countProblems(channel), 1);
  channel.state = 'no_signal';
  assert.equal(countProblems(channel), 1);
  assert.deepEqual(redundantInputs(makeChannel({ name: 'B', rtp_port: 3 })), [], 'a single input is the channel itself');
  assert.deepEqual(redundantInputs({ ...channel, inputs: undefined }), []);
});

test('an interface is as good as its mode, while it is there and up', () => {
  const [info] = makeSystem().interfaces;
  const at = (/** @type {object} */ fields) => {
    const { word, tone } = interfaceCondition({ ...info, ...fields });
    return `${word}, ${tone}`;
  };
  assert.equal(at({}), 'native XDP, good');
  assert.equal(at({ mode: 'udp', reason: 'why' }), 'kernel sockets, warn');
  assert.equal(at({ mode: 'quantum' }), 'quantum, good');
  assert.equal(at({ up: false, reason: 'why' }), 'Down, bad');
  assert.equal(at({ up: false, present: false }), 'Not there, bad');
});

test('an event that the page does not know is named by its type', () => {
  const event = { id: 1, time: '', type: 'frogs_rained', subject: '', text: '' };
  assert.equal(eventCondition(event).word, 'frogs rained');
  assert.equal(eventCondition({ ...event, type: 'signal_lost' }).tone, 'bad');
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
  channel.inputs?.push({ name: 'backup', address: '10.9.8.7:6000', state: 'waiting', active: false, stats: {} });
  const table = /** @type {[string, string, boolean][]} */ ([
    ['', '', true], ['news', '', true], ['NEWS tube', '', true], ['sports', '', false], ['5010', '', true], ['10.9.8.7:6', '', true],
    ['live.example', '', true], ['receiving', '', true], ['retrying news', '', true], ['  ', '', true],
    ['', 'channel:receiving', true], ['', 'channel:stopped', false], ['', 'output:retrying', true],
    ['', 'output:connected', false], ['', 'problem', true], ['sports', 'problem', false],
  ]);
  for (const [text, state, expected] of table) {
    assert.equal(matchesFilter(channel, { text, state }), expected, `"${text}" "${state}"`);
  }
});
