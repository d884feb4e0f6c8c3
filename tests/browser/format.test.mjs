// @ts-check
/** dashboard/format.js: every unit that the page shows. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../../dashboard/format.js';

/** Spaces that keep a number together are shown as plain ones. @param {string} text */
const plain = (text) => text.replace(/[\u00a0\u202f]/g, ' ');

/**
 * @param {string} name
 * @param {(value: any) => string} fn
 * @param {[any, string][]} table
 */
function table(name, fn, table) {
  test(name, () => {
    for (const [value, expected] of table) assert.equal(plain(fn(value)), expected, `${name}(${value})`);
  });
}

table('formatBitrate', format.formatBitrate, [
  [0, '0 b/s'], [1, '1 b/s'], [999, '999 b/s'], [1000, '1.00 kb/s'], [1234, '1.23 kb/s'],
  [5_012_345, '5.01 Mb/s'], [12_345_678, '12.3 Mb/s'], [123_456_789, '123 Mb/s'],
  [9_994_000, '9.99 Mb/s'], [9_995_000, '10.0 Mb/s'], [99_949_000, '99.9 Mb/s'], [99_950_000, '100 Mb/s'],
  [999_499, '999 kb/s'], [999_500, '1.00 Mb/s'], [2_500_000_000, '2.50 Gb/s'],
  [7e15, '7000 Tb/s'], [undefined, '–'], [null, '–'], [NaN, '–'], [-1, '–'], ['5', '–'],
]);

table('formatBytes', format.formatBytes, [
  [0, '0 B'], [188, '188 B'], [1_234_567, '1.23 MB'], [undefined, '–'],
]);

table('formatCount', format.formatCount, [
  [0, '0'], [999, '999'], [1000, '1 000'], [12_345, '12 345'], [999_999, '999 999'],
  [1_000_000, '1.00 M'], [12_345_678, '12.3 M'], [undefined, '–'],
]);

table('formatExact', format.formatExact, [
  [0, '0'], [1_234_567, '1 234 567'], [Number.MAX_SAFE_INTEGER, '9 007 199 254 740 991'], [undefined, '–'],
]);

table('formatDuration', format.formatDuration, [
  [-5000, '0 s'], [0, '0 s'], [999, '0 s'], [59_999, '59 s'], [60_000, '1 min 00 s'],
  [200_000, '3 min 20 s'], [3_599_999, '59 min 59 s'], [3_600_000, '1 h 00 min'], [18_120_000, '5 h 02 min'],
  [86_400_000, '1 d 0 h'], [1_051_200_000, '12 d 4 h'],
]);

table('formatCountdown', format.formatCountdown, [
  [-1, '0 s'], [0, '0 s'], [1, '1 s'], [1000, '1 s'], [3200, '4 s'], [61_000, '1 min 01 s'],
]);

table('formatMilliseconds', format.formatMilliseconds, [[0, '0 ms'], [41, '41 ms'], [12_345, '12 345 ms']]);

table('formatMicroseconds', format.formatMicroseconds, [
  [0, '0 µs'], [420, '420 µs'], [999.4, '999 µs'], [999.5, '1.0 ms'], [12_345, '12.3 ms'], [99_949, '99.9 ms'], [99_950, '100 ms'],
]);

test('formatDateTime is the viewer’s day and time of day', () => {
  assert.equal(format.formatDateTime(new Date(2024, 0, 2, 3, 4, 5)), '2024-01-02 03:04:05');
});

test('formatTime is the viewer’s time of day', () => {
  assert.equal(format.formatTime(new Date(2024, 0, 2, 3, 4, 5)), '03:04:05');
});

test('formatEndpoint puts IPv6 addresses in brackets', () => {
  assert.equal(format.formatEndpoint('239.1.1.1', 5000), '239.1.1.1:5000');
  assert.equal(format.formatEndpoint('ff02::1', 5000), '[ff02::1]:5000');
});

test('formatPlural', () => {
  assert.deepEqual([0, 1, 2].map((n) => format.formatPlural(n, 'output')), ['0 outputs', '1 output', '2 outputs']);
});
