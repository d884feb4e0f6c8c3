// @ts-check
/** The settings of RTMP and RTMPS outputs: their defaults, which of them a URL has, and all in a phrase. */

import { formatMilliseconds } from './format.js';

/**
 * @typedef {import('./types.js').Output} Output
 *
 * @typedef {object} RtmpFields
 * @property {string | null} stream_key null: it is in the URL; *** stands for the one that is stored
 * @property {string} audio
 * @property {string} hevc
 * @property {string} cues
 * @property {number} backlog_ms
 *
 * @typedef {object} TlsFields
 * @property {string} tls_verify
 * @property {string | null} tls_ca null: the system's authorities
 */

/** @type {RtmpFields} */
const RTMP_DEFAULTS = { stream_key: null, audio: '0', hevc: 'enhanced', cues: 'off', backlog_ms: 4000 };
/** @type {TlsFields} */
const TLS_DEFAULTS = { tls_verify: 'on', tls_ca: null };

/** Of backlog_ms, a whole number. */
export const BACKLOG_RANGE = [500, 30_000];

/** @param {string} url */
export function isRtmp(url) {
  return /^\s*rtmps?:/i.test(url);
}

/** @param {string} url */
export function isRtmps(url) {
  return /^\s*rtmps:/i.test(url);
}

/** What an output is set to, or would be if it were RTMPS. @param {Output | null} output @returns {RtmpFields & TlsFields} */
export function rtmpFieldsOf(output) {
  const { stream_key, audio, hevc, cues, backlog_ms, tls_verify, tls_ca } = { ...RTMP_DEFAULTS, ...TLS_DEFAULTS, ...output };
  return { stream_key, audio, hevc, cues, backlog_ms, tls_verify, tls_ca };
}

/**
 * Those that an output with this URL has.
 * @param {string} url
 * @param {RtmpFields & TlsFields} fields
 * @returns {Partial<RtmpFields & TlsFields>}
 */
export function rtmpFieldsFor(url, fields) {
  const { tls_verify, tls_ca, ...others } = fields;
  if (!isRtmp(url)) return {};
  return isRtmps(url) ? fields : others;
}

/** Whether a server knows these settings: older ones do not send them. @param {Output | null} output */
export function hasRtmpFields(output) {
  return !output || !isRtmp(output.url) || output.backlog_ms !== undefined;
}

/** @type {Record<string, string>} */
const CUES = {
  oncuepoint_scte35: 'onCuePoint with SCTE-35', oncuepoint: 'onCuePoint', onadcue: 'onAdCue', youtube: 'YouTube’s cues',
};

/** @param {Pick<RtmpFields & TlsFields, 'audio' | 'hevc' | 'cues' | 'backlog_ms' | 'tls_verify' | 'tls_ca'>} fields @param {boolean} tls */
export function describeRtmp({ audio, hevc, cues, backlog_ms, tls_verify, tls_ca }, tls) {
  const texts = [audio === '0' ? 'first audio' : `audio ${audio}`];
  if (hevc === 'legacy') texts.push('HEVC as codec 12');
  texts.push(CUES[cues] ?? 'no cues', `${formatMilliseconds(backlog_ms)} behind at most`);
  if (tls && tls_verify === 'off') texts.push('TLS not verified');
  else if (tls && tls_ca) texts.push('TLS by a CA file');
  return texts.join(', ');
}
