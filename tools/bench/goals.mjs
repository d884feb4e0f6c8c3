// @ts-check
/*
 * What the program is to reach, and whether it did.
 */
import { costPerMb, ratio, roundsOf } from './results.mjs';

/**
 * @typedef {import('./results.mjs').Round} Round
 * @typedef {import('./results.mjs').LatencyRow} LatencyRow
 * @typedef {import('./results.mjs').Skipped} Skipped
 * @typedef {{name: string, value: number, limit: number, unit: string, state: 'ok' | 'not ok' | 'skipped'}} Goal
 */

const DEFAULT_TICK_US = 5000;
const MESSAGE_BYTES = 7 * 188;

/** @type {{scenario: string, ours: string, theirs: string, limit: number, name: string}[]} */
const COST_RATIOS = [
  { scenario: 'hundred', ours: 'program', theirs: 'libsrt', limit: 1.15, name: '100 SRT outputs: CPU beside bare libsrt' },
  { scenario: 'hundred', ours: 'program-aes128', theirs: 'program', limit: 1.25, name: 'AES-128: CPU beside clear' },
  { scenario: 'hundred', ours: 'program-aes256', theirs: 'program', limit: 1.25, name: 'AES-256: CPU beside clear' },
  { scenario: 'hundred', ours: 'program-rtp', theirs: 'program', limit: 0.5, name: '100 rtp:// outputs: CPU beside 100 SRT outputs' },
  { scenario: 'peers', ours: 'program', theirs: 'ffmpeg-chain', limit: 0.4, name: '16 outputs: CPU beside the FFmpeg chain' },
  { scenario: 'rtmp', ours: 'program', theirs: 'ffmpeg-chain', limit: 0.5, name: '20 RTMP outputs: CPU beside the FFmpeg chain' },
  { scenario: 'peers', ours: 'program', theirs: 'srt-live-transmit', limit: 0.4, name: '16 outputs: CPU beside srt-live-transmit' },
];

/** @type {{scenario: string, limit: number, name: string}[]} */
const MEMORY_RATIOS = [
  { scenario: 'peers', limit: 1 / 12, name: '16 outputs: memory beside the FFmpeg chain' },
  { scenario: 'rtmp', limit: 1 / 10, name: '20 RTMP outputs: memory beside the FFmpeg chain' },
];

/**
 * @param {string} name
 * @param {number} value
 * @param {number} limit
 * @param {string} unit
 * @returns {Goal}
 */
function judge(name, value, limit, unit) {
  return { name, value, limit, unit, state: value <= limit ? 'ok' : 'not ok' };
}

/**
 * The most over the rounds that count; NaN when there is none.
 * @param {Round[]} rounds
 * @param {(round: Round) => number} figure
 */
function most(rounds, figure) {
  const values = rounds.filter((round) => round.valid).map(figure);
  return values.length > 0 ? Math.max(...values) : NaN;
}

/**
 * What did not arrive: by the receivers' account, by the program's own, and by comparing what came in with what went out.
 * @param {Round} round
 */
function lossOf(round) {
  return round.lost + round.dropped + round.own_losses + Math.ceil(Math.abs(round.missing_bytes) / MESSAGE_BYTES);
}

/**
 * The goals of the scenarios that were run. What was to run and did not, or never in a round that
 * counts, is not met.
 * @param {Round[]} rounds
 * @param {LatencyRow[]} latency
 * @param {Skipped[]} skipped
 * @param {Set<string>} scenarios
 * @returns {Goal[]}
 */
export function judgeGoals(rounds, latency, skipped, scenarios) {
  /** @type {Goal[]} */
  const goals = [];
  /** @param {string} scenario @param {string} contender */
  const of = (scenario, contender) => roundsOf(rounds, scenario, contender);
  /** @param {string} scenario @param {string} contender */
  const isSkipped = (scenario, contender) => skipped.some((one) => one.scenario === scenario && one.contender === contender);

  for (const { scenario, ours, theirs, limit, name } of COST_RATIOS) {
    if (!scenarios.has(scenario)) continue;
    const goal = judge(name, ratio(of(scenario, ours), of(scenario, theirs), costPerMb), limit, '×');
    if (isSkipped(scenario, theirs)) goal.state = 'skipped';
    goals.push(goal);
  }
  for (const { scenario, limit, name } of MEMORY_RATIOS) {
    if (!scenarios.has(scenario)) continue;
    const goal = judge(name, ratio(of(scenario, 'program'), of(scenario, 'ffmpeg-chain'), (round) => round.pss_kb), limit, '×');
    if (isSkipped(scenario, 'ffmpeg-chain')) goal.state = 'skipped';
    goals.push(goal);
  }
  if (scenarios.has('hundred')) {
    const program = of('hundred', 'program');
    goals.push(judge('100 SRT outputs: threads, without the HTTP server', most(program, (round) => round.threads), 8, ''));
    goals.push(judge('100 SRT outputs: packets lost, dropped or missing', most(program, lossOf), 0, ''));
    goals.push(judge('100 rtp:// outputs: packets lost, dropped or missing', most(of('hundred', 'program-rtp'), lossOf), 0, ''));
  }
  if (scenarios.has('rtmp'))
    goals.push(judge('20 RTMP outputs: frames lost, dropped or missing', most(of('rtmp', 'program'), lossOf), 0, ''));
  if (scenarios.has('latency')) {
    const row = latency.find((one) => one.tick_us === DEFAULT_TICK_US && one.valid_rounds > 0);
    goals.push(judge('added latency, median', (row?.median_us ?? NaN) / 1e3, 4, 'ms'));
    goals.push(judge('added latency, 99th percentile', (row?.p99_us ?? NaN) / 1e3, 8, 'ms'));
  }
  return goals;
}
