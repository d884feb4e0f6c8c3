// @ts-check
/** The settings of a channel: their defaults and ranges, what has changed, and each group in a phrase. */

import { changedFields } from './form-dialog.js';
import { formatEndpoint, formatExact, formatPlural } from './format.js';

/**
 * @typedef {import('./types.js').Channel} Channel
 * @typedef {import('./types.js').Backup} Backup
 * @typedef {import('./types.js').Failover} Failover
 *
 * @typedef {object} ChannelFields
 * @property {string} name
 * @property {string} rtp_ip
 * @property {number} rtp_port
 * @property {boolean} autostart
 * @property {number} reorder_ms
 * @property {string} fec
 * @property {number} program
 * @property {string[]} sources
 * @property {number} max_pps
 * @property {string | null} interface
 * @property {Backup | null} backup
 * @property {Failover} failover
 */

/** @type {ChannelFields} */
export const DEFAULTS = {
  name: '',
  rtp_ip: '0.0.0.0',
  rtp_port: 0,
  autostart: false,
  reorder_ms: 50,
  fec: 'off',
  program: 0,
  sources: [],
  max_pps: 0,
  interface: null,
  backup: null,
  failover: { mode: 'failover', timeout_ms: 500, return: 'stay', stable_ms: 10_000, merge_ms: 200 },
};

/** Whole numbers, from and to. @type {Record<string, [number, number]>} */
export const RANGES = {
  rtp_port: [1, 65_535],
  reorder_ms: [0, 1000],
  program: [0, 65_535],
  max_pps: [0, 10_000_000],
  'backup.rtp_port': [1, 65_535],
  'failover.timeout_ms': [50, 60_000],
  'failover.stable_ms': [0, 3_600_000],
  'failover.merge_ms': [1, 1000],
};

/**
 * A copy with the members of shape alone and in its order; what from lacks is shape's.
 * @template {object} T
 * @param {T} shape
 * @param {object} from
 * @returns {T}
 */
function pick(shape, from) {
  const found = /** @type {Record<string, unknown>} */ (from);
  return /** @type {T} */ (Object.fromEntries(
    Object.entries(shape).map(([name, value]) => [name, found[name] ?? value])));
}

/** @param {Channel | null} channel null: a new one */
export function fieldsOf(channel) {
  const fields = pick(DEFAULTS, channel ?? {});
  fields.failover = pick(DEFAULTS.failover, fields.failover);
  if (fields.backup) {
    fields.backup = pick({ rtp_ip: '0.0.0.0', rtp_port: 0, sources: [], interface: null }, fields.backup);
  }
  return fields;
}

/**
 * What a new channel must be told, and what is not as it would be anyway: a server that does not know
 * a setting yet is not bothered with its default.
 * @param {ChannelFields} entered
 */
export function fieldsToCreate(entered) {
  const { name, rtp_ip, rtp_port, autostart } = entered;
  return { name, rtp_ip, rtp_port, autostart, ...fieldsToUpdate(entered, DEFAULTS) };
}

/**
 * @param {ChannelFields} entered
 * @param {ChannelFields} known
 * @returns {Record<string, unknown>}
 */
export function fieldsToUpdate(entered, known) {
  const changed = changedFields({ ...entered }, { ...known });
  if (changed.failover) changed.failover = changedFields({ ...entered.failover }, { ...known.failover });
  return changed;
}

/** @param {Pick<ChannelFields, 'reorder_ms' | 'fec'>} fields */
export function describeRepair({ reorder_ms, fec }) {
  return `gaps wait ${formatExact(reorder_ms)} ms, ${fec === 'off' ? 'no FEC' : 'FEC when it comes'}`;
}

/** @param {Pick<ChannelFields, 'program'>} fields */
export function describeProgram({ program }) {
  return program === 0 ? 'the first' : `number ${program}`;
}

/** @param {Pick<ChannelFields, 'sources' | 'max_pps' | 'interface'>} fields */
export function describeSenders(fields) {
  const { sources, max_pps } = fields;
  const texts = [sources.length === 0 ? 'anybody' : `${formatPlural(sources.length, 'sender')} allowed`];
  if (fields.interface) texts.push(`by ${fields.interface}`);
  if (max_pps > 0) texts.push(`up to ${formatPlural(max_pps, 'packet')}/s`);
  return texts.join(', ');
}

/** @param {Pick<ChannelFields, 'backup' | 'failover'>} fields */
export function describeRedundancy({ backup, failover }) {
  if (!backup) return 'none';
  const endpoint = formatEndpoint(backup.rtp_ip, backup.rtp_port);
  return failover.mode === 'merge' ? `merged with ${endpoint}` : `failover to ${endpoint}`;
}
