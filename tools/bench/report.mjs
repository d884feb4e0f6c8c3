// @ts-check
/*
 * The benchmark's rounds as tables for people (results.txt), for spreadsheets (results.csv) and for programs
 * (results.json), as a picture (results.svg), and beside the goals.
 *
 *	node report.mjs FOLDER SCENARIO...
 *
 * Exit status: 0 when all goals of these scenarios are met, 1 when one is not.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { judgeGoals } from './goals.mjs';
import { drawResults } from './plot.mjs';
import { makeLatencyRows, makeRows, readLines } from './results.mjs';

/** @type {{title: string, key: keyof import('./results.mjs').Row, digits: number}[]} */
const COLUMNS = [
  { title: 'CPU %', key: 'cpu_percent', digits: 1 },
  { title: '% / output', key: 'cpu_percent_output', digits: 2 },
  { title: 'ms / MB', key: 'cpu_ms_per_mb', digits: 2 },
  { title: 'PSS MB', key: 'pss_mb', digits: 1 },
  { title: 'threads', key: 'threads', digits: 0 },
  { title: 'delivered %', key: 'delivered_percent', digits: 1 },
  { title: 'lost', key: 'lost', digits: 0 },
  { title: 'dropped', key: 'dropped', digits: 0 },
  { title: 'idle %', key: 'idle_percent', digits: 0 },
  { title: 'rounds', key: 'valid_rounds', digits: 0 },
];

/** @type {Record<string, string>} */
const TITLES = {
  hundred: '100 outputs: 25 channels to 4 receivers each',
  peers: '16 outputs of one channel',
  rtmp: '20 RTMP outputs of one channel',
};

/** @param {import('./results.mjs').Row[]} rows */
function tableOf(rows) {
  const lines = [];
  let scenario = '';
  for (const row of rows) {
    if (row.scenario !== scenario) {
      scenario = row.scenario;
      lines.push('', `${TITLES[scenario] ?? scenario}`);
      lines.push(['contender'.padEnd(20), ...COLUMNS.map((column) => column.title.padStart(11))].join(' '));
    }
    lines.push([row.contender.padEnd(20),
      ...COLUMNS.map((column) => Number(row[column.key]).toFixed(column.digits).padStart(11))].join(' '));
  }
  return lines;
}

/** @param {import('./results.mjs').LatencyRow[]} rows */
function latencyTableOf(rows) {
  if (rows.length === 0) return [];
  const lines = ['', 'from arrival to departure (udp:// output), under 44 SRT outputs',
    ['sender tick', 'median ms', '99 % ms', 'at most ms', 'CPU %', 'rounds'].map((title) => title.padStart(12)).join(' ')];
  for (const row of rows) {
    const fields = [`${row.tick_us / 1e3} ms`, (row.median_us / 1e3).toFixed(2), (row.p99_us / 1e3).toFixed(2),
      (row.max_us / 1e3).toFixed(1), row.cpu_percent.toFixed(1), `${row.valid_rounds}`];
    lines.push(fields.map((field) => field.padStart(12)).join(' '));
  }
  return lines;
}

/** @param {import('./goals.mjs').Goal[]} goals */
function goalLinesOf(goals) {
  return goals.map((goal) => {
    const value = Number.isNaN(goal.value) ? 'not measured in a round that counts' : `${+goal.value.toFixed(3)} ${goal.unit}`.trim();
    return `${goal.state} - ${goal.name}: ${value}, at most ${+goal.limit.toFixed(3)} ${goal.unit}`.trimEnd();
  });
}

/** @param {import('./results.mjs').Row[]} rows */
function csvOf(rows) {
  const keys = /** @type {(keyof import('./results.mjs').Row)[]} */ (Object.keys(rows[0] ?? {}));
  return [keys.join(','), ...rows.map((row) => keys.map((key) => row[key]).join(','))].join('\n') + '\n';
}

const [folder, ...scenarios] = process.argv.slice(2);
const rounds = readLines(folder, 'rounds.jsonl');
const skipped = readLines(folder, 'skipped.jsonl');
const rows = makeRows(rounds);
const latency = makeLatencyRows(readLines(folder, 'latency.jsonl'));
const goals = judgeGoals(rounds, latency, skipped, new Set(scenarios));
const text = [
  'Medians over the rounds; ratios are of CPU for each megabyte delivered, round by round.',
  ...tableOf(rows),
  ...latencyTableOf(latency),
  '',
  ...skipped.map((/** @type {import('./results.mjs').Skipped} */ one) => `skipped - ${TITLES[one.scenario]}: ${one.contender}: ${one.why}`),
  ...goalLinesOf(goals),
].join('\n');

/** @param {string} name @param {string} content */
const write = (name, content) => writeFileSync(path.join(folder, name), content);

write('results.txt', `${text}\n`);
write('results.csv', csvOf(rows));
write('results.json', `${JSON.stringify({ rows, latency, skipped, goals }, null, 2)}\n`);
write('results.svg', drawResults(rows, latency));
console.log(`\n${text}\n\nWritten to ${path.relative('.', folder) || folder}: results.txt, .csv, .json and .svg`);
process.exitCode = goals.every((goal) => goal.state !== 'not ok') ? 0 : 1;
