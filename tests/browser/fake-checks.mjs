// @ts-check
/** What the fake server refuses, with the status, code and field that the program gives. */

export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} field
   * @param {string} message
   */
  constructor(status, code, field, message) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/**
 * @param {string} field
 * @param {string} message
 */
const invalid = (field, message) => new ApiError(422, 'invalid_value', field, message);

/** The type that each field must have; several where null is one of them. @type {Record<string, string>} */
const FIELD_TYPES = {
  name: 'string', rtp_ip: 'string', rtp_port: 'number', autostart: 'boolean', url: 'string', enabled: 'boolean',
  reorder_ms: 'number', fec: 'string', sources: 'array', max_pps: 'number', interface: 'string or null',
  backup: 'object or null', failover: 'object', mode: 'string', timeout_ms: 'number', return: 'string',
  stable_ms: 'number', merge_ms: 'number', input: 'string', program: 'number',
  stream_key: 'string or null', audio: 'string', hevc: 'string', cues: 'string', backlog_ms: 'number',
  tls_verify: 'string', tls_ca: 'string or null',
};

/** @type {Record<string, [number, number]>} */
const RANGES = {
  rtp_port: [1, 65_535], reorder_ms: [0, 1000], max_pps: [0, 10_000_000], timeout_ms: [50, 60_000],
  stable_ms: [0, 3_600_000], merge_ms: [1, 1000], program: [0, 65_535], backlog_ms: [500, 30_000],
};

/** @type {Record<string, string[]>} */
const CHOICES = { fec: ['off', 'auto'], mode: ['failover', 'merge'], return: ['stay', 'return'], input: ['primary', 'backup'],
  hevc: ['enhanced', 'legacy'], tls_verify: ['on', 'off'],
  cues: ['off', 'oncuepoint_scte35', 'oncuepoint', 'onadcue', 'youtube'],
};

export const OLD_CHANNEL_FIELDS = ['name', 'rtp_ip', 'rtp_port', 'autostart'];
export const CHANNEL_FIELDS = [
  ...OLD_CHANNEL_FIELDS, 'reorder_ms', 'fec', 'program', 'sources', 'max_pps', 'interface', 'backup', 'failover',
];
export const OLD_OUTPUT_FIELDS = ['name', 'url', 'enabled'];
const RTMP_FIELDS = ['stream_key', 'audio', 'hevc', 'cues', 'backlog_ms'];
const TLS_FIELDS = ['tls_verify', 'tls_ca'];
export const OUTPUT_FIELDS = [...OLD_OUTPUT_FIELDS, ...RTMP_FIELDS, ...TLS_FIELDS];

const BACKUP_FIELDS = ['rtp_ip', 'rtp_port', 'sources', 'interface'];
const FAILOVER_FIELDS = ['mode', 'timeout_ms', 'return', 'stable_ms', 'merge_ms'];

/** @param {any} value */
function typeOf(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * @param {string} name
 * @param {any} value
 * @param {string} path
 */
function checkValue(name, value, path) {
  if (!FIELD_TYPES[name].split(' or ').includes(typeOf(value))) {
    throw new ApiError(422, 'invalid_type', path, `${path} must be a ${FIELD_TYPES[name]}`);
  }
  const range = RANGES[name];
  if (range && (!Number.isInteger(value) || value < range[0] || value > range[1])) {
    throw invalid(path, `${path} must be ${range[0]} to ${range[1]}`);
  }
  if (CHOICES[name] && !CHOICES[name].includes(value)) throw invalid(path, `${path} must be ${CHOICES[name].join(' or ')}`);
  if (name === 'name' && (value === '' || [...value].length > 128)) throw invalid(path, 'name must have 1 to 128 characters');
  if (name === 'url' && !/^((srt|rtmps?|udp|rtp):\/\/[^/:?]+|srt:\/\/)(:\d+)?/.test(value)) {
    throw new ApiError(422, 'invalid_url', path, 'the URL must begin with srt://, rtp://, udp:// or rtmp:// and name a host');
  }
  if (name === 'rtp_ip' && !/^[\d.]+$|:/.test(value)) throw invalid(path, `${path} must be an IPv4 or IPv6 address`);
  if (name === 'sources') {
    const bad = value.findIndex((/** @type {string} */ source) => !/^([\d.]+|[\da-f:]*:[\da-f:]*)(\/\d+)?$/i.test(source));
    if (bad >= 0) throw invalid(`${path}[${bad}]`, `${path}[${bad}] must be an address or a prefix`);
  }
}

/**
 * @param {Record<string, any>} body
 * @param {string[]} known
 * @param {string[]} required
 * @param {string} [prefix] of the paths of its fields
 */
export function checkFields(body, known, required, prefix = '') {
  for (const [name, value] of Object.entries(body)) {
    const path = prefix + name;
    if (!known.includes(name)) throw new ApiError(422, 'unknown_field', path, `unknown field ${path}`);
    checkValue(name, value, path);
    if (name === 'backup' && value) checkFields(value, BACKUP_FIELDS, ['rtp_port'], 'backup.');
    if (name === 'failover') checkFields(value, FAILOVER_FIELDS, [], 'failover.');
  }
  for (const name of required) {
    if (!(name in body)) throw new ApiError(422, 'missing_field', prefix + name, `${prefix}${name} is required`);
  }
}

/**
 * An output that was changed, or a new one: the URL and what goes with it.
 * @param {Record<string, any>} output as it would be
 * @param {Record<string, any>} body
 */
export function checkOutput(output, body) {
  const [, scheme = '', rest = ''] = /^(\w+):\/\/[^/]*\/?(.*)$/.exec(output.url) ?? [];
  for (const name of [...RTMP_FIELDS, ...TLS_FIELDS]) {
    if (name in body && !/^rtmps?$/.test(scheme)) throw invalid(name, `${name} is of rtmp:// and rtmps:// alone`);
    if (name in body && TLS_FIELDS.includes(name) && scheme !== 'rtmps') throw invalid(name, `${name} is of rtmps:// alone`);
  }
  if (!/^rtmps?$/.test(scheme)) return;
  const keyInUrl = /[^/]\/[^/]/.test(rest);
  if (body.stream_key && keyInUrl) throw invalid('stream_key', 'The URL has a stream key already');
  if (!output.stream_key && !keyInUrl) throw new ApiError(422, 'missing_field', 'stream_key', 'The stream key is missing');
}
