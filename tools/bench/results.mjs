// @ts-check
/*
 * What the rounds of the benchmark come to.
 *
 * Of every figure the median over the rounds that count, of each ratio the median of the rounds' own ratios:
 * contenders are only compared with what ran just before or after them.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {{scenario: string, contender: string, round: number, outputs: number, bitrate: number, seconds: number,
 *   cpu_s: number, packets: number, bytes: number, lost: number, dropped: number, own_losses: number,
 *   missing_bytes: number, pss_kb: number, threads: number, idle: number, late_ms: number, delivered: number,
 *   valid: boolean}} Round
 * @typedef {{tick_us: number, round: number, median_us: number, p99_us: number, max_us: number, sent: number,
 *   received: number, cpu_share: number, valid: boolean}} LatencyRound
 * @typedef {{scenario: string, contender: string, why: string}} Skipped
 * @typedef {{scenario: string, contender: string, rounds: number, valid_rounds: number, outputs: number,
 *   cpu_percent: number, cpu_percent_output: number, cpu_ms_per_mb: number, pss_mb: number, threads: number,
 *   delivered_percent: number, lost: number, dropped: number, idle_percent: number}} Row
 * @typedef {{tick_us: number, valid_rounds: number, median_us: number, p99_us: number, max_us: number,
 *   cpu_percent: number}} LatencyRow
 */

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Objects of a file with one a line; none when there is no file.
 * @param {string} folder
 * @param {string} name
 */
export function readLines(folder, name) {
  const file = path.join(folder, name);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/**
 * Those that count; all, where none does.
 * @template {{valid: boolean}} T
 * @param {T[]} rounds
 */
export function counting(rounds) {
  const valid = rounds.filter((round) => round.valid);
  return valid.length > 0 ? valid : rounds;
}

/**
 * Processor time for what was delivered.
 * @param {Round} round
 */
export function costPerMb(round) {
  return round.bytes > 0 ? (round.cpu_s * 1e3) / (round.bytes / 1e6) : NaN;
}

/**
 * The last try of each round of a contender, in order.
 * @param {Round[]} all
 * @param {string} scenario
 * @param {string} contender
 */
export function roundsOf(all, scenario, contender) {
  const last = new Map();
  for (const round of all)
    if (round.scenario === scenario && round.contender === contender) last.set(round.round, round);
  return /** @type {Round[]} */ ([...last.values()]);
}

/**
 * The ratio of two contenders: the median over the rounds in which both count; NaN when there is none.
 * @param {Round[]} ours
 * @param {Round[]} theirs
 * @param {(round: Round) => number} figure
 */
export function ratio(ours, theirs, figure) {
  const pairs = ours
    .map((round) => ({ round, other: theirs.find((other) => other.round === round.round) }))
    .map(({ round, other }) => other && { valid: round.valid && other.valid, value: figure(round) / figure(other) })
    .filter((pair) => pair !== undefined);
  return median(pairs.filter((pair) => pair.valid).map((pair) => pair.value));
}

/**
 * A row for each contender of each scenario, in the order in which they first ran.
 * @param {Round[]} all
 * @returns {Row[]}
 */
export function makeRows(all) {
  const names = [...new Set(all.map((round) => `${round.scenario} ${round.contender}`))];
  return names.map((name) => {
    const [scenario, contender] = name.split(' ');
    const rounds = roundsOf(all, scenario, contender);
    const used = counting(rounds);
    /** @param {(round: Round) => number} figure */
    const typical = (figure) => median(used.map(figure));
    const cpu = typical((round) => (round.cpu_s / round.seconds) * 100);
    return {
      scenario,
      contender,
      rounds: rounds.length,
      valid_rounds: rounds.filter((round) => round.valid).length,
      outputs: rounds[0].outputs,
      cpu_percent: cpu,
      cpu_percent_output: cpu / rounds[0].outputs,
      cpu_ms_per_mb: typical(costPerMb),
      pss_mb: typical((round) => round.pss_kb / 1024),
      threads: typical((round) => round.threads),
      delivered_percent: typical((round) => round.delivered * 100),
      lost: Math.max(...used.map((round) => round.lost)),
      dropped: Math.max(...used.map((round) => round.dropped)),
      idle_percent: typical((round) => round.idle * 100),
    };
  });
}

/**
 * A row for each tick.
 * @param {LatencyRound[]} all
 * @returns {LatencyRow[]}
 */
export function makeLatencyRows(all) {
  const ticks = [...new Set(all.map((round) => round.tick_us))].sort((a, b) => a - b);
  return ticks.map((tick_us) => {
    const rounds = all.filter((round) => round.tick_us === tick_us);
    const used = counting(rounds);
    /** @param {(round: LatencyRound) => number} figure */
    const typical = (figure) => median(used.map(figure));
    return {
      tick_us,
      valid_rounds: rounds.filter((round) => round.valid).length,
      median_us: typical((round) => round.median_us),
      p99_us: typical((round) => round.p99_us),
      max_us: typical((round) => round.max_us),
      cpu_percent: typical((round) => round.cpu_share * 100),
    };
  });
}
