// @ts-check
/**
 * Numbers and times as an operator reads them. Every unit that the page shows is made here.
 *
 * The text is the same in every locale: a decimal point, and a narrow no-break space between groups
 * of three digits.
 */

export const NO_VALUE = '–';

const GROUP_SPACE = '\u202f';
const UNIT_SPACE = '\u00a0';
const PREFIXES = ['', 'k', 'M', 'G', 'T'];

/**
 * Three significant digits and a decimal prefix.
 * @param {number} value not negative
 * @param {string} unit
 */
function withPrefix(value, unit) {
  let scaled = value;
  let prefix = 0;
  // 999.5 would be rounded to 1000: that is where the next prefix begins.
  while (scaled >= 999.5 && prefix < PREFIXES.length - 1) {
    scaled /= 1000;
    prefix += 1;
  }
  let digits = 0;
  if (prefix > 0 && scaled < 9.995) digits = 2;
  else if (prefix > 0 && scaled < 99.95) digits = 1;
  return scaled.toFixed(digits) + UNIT_SPACE + PREFIXES[prefix] + unit;
}

/** @param {unknown} value */
function isAmount(value) {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/**
 * 5012345 → "5.01 Mb/s".
 * @param {number | undefined} bitsPerSecond
 */
export function formatBitrate(bitsPerSecond) {
  return isAmount(bitsPerSecond) ? withPrefix(Number(bitsPerSecond), 'b/s') : NO_VALUE;
}

/**
 * 1234567 → "1.23 MB".
 * @param {number | undefined} bytes
 */
export function formatBytes(bytes) {
  return isAmount(bytes) ? withPrefix(Number(bytes), 'B') : NO_VALUE;
}

/**
 * Exact, in groups of three digits: 1234567 → "1 234 567".
 * @param {number | undefined} count
 */
export function formatExact(count) {
  if (!isAmount(count)) return NO_VALUE;
  return Math.round(Number(count)).toString().replace(/\B(?=(\d{3})+$)/g, GROUP_SPACE);
}

/**
 * Exact up to six digits, shortened beyond: 12345 → "12 345", 12345678 → "12.3 M".
 * @param {number | undefined} count
 */
export function formatCount(count) {
  if (!isAmount(count)) return NO_VALUE;
  return Number(count) < 999_999.5 ? formatExact(count) : withPrefix(Number(count), '');
}

/**
 * The two largest units that matter: "42 s", "3 min 20 s", "5 h 02 min", "12 d 4 h".
 * @param {number} milliseconds
 */
export function formatDuration(milliseconds) {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const seconds = total % 60;
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600) % 24;
  const days = Math.floor(total / 86400);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  let text = `${seconds}_s`;
  if (days > 0) text = `${days}_d ${hours}_h`;
  else if (hours > 0) text = `${hours}_h ${two(minutes)}_min`;
  else if (minutes > 0) text = `${minutes}_min ${two(seconds)}_s`;
  return text.replaceAll('_', UNIT_SPACE);
}

/**
 * 50 → "50 ms".
 * @param {number} milliseconds
 */
export function formatMilliseconds(milliseconds) {
  return `${formatExact(milliseconds)}${UNIT_SPACE}ms`;
}

/**
 * 0.42 → "0.42 ms", 12.34 → "12.3 ms", 250.4 → "250 ms".
 * @param {number | undefined} milliseconds
 */
export function formatLatency(milliseconds) {
  if (!isAmount(milliseconds)) return NO_VALUE;
  const value = Number(milliseconds);
  if (value >= 99.95) return formatMilliseconds(value);
  return `${value.toFixed(value < 9.995 ? 2 : 1)}${UNIT_SPACE}ms`;
}

/**
 * 420 → "420 µs", 12345 → "12.3 ms".
 * @param {number} microseconds
 */
export function formatMicroseconds(microseconds) {
  if (microseconds < 999.5) return `${formatExact(microseconds)}${UNIT_SPACE}µs`;
  return `${(microseconds / 1000).toFixed(microseconds < 99_950 ? 1 : 0)}${UNIT_SPACE}ms`;
}

/**
 * Time left, rounded up so that it never says 0 while there is some: 3200 → "4 s".
 * @param {number} milliseconds
 */
export function formatCountdown(milliseconds) {
  return formatDuration(Math.ceil(Math.max(0, milliseconds) / 1000) * 1000);
}

/**
 * Time of day on the viewer's clock: "03:12:44".
 * @param {Date} date
 */
export function formatTime(date) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

/**
 * Day and time of day on the viewer's clock: "2026-11-22 03:12:44".
 * @param {Date} date
 */
export function formatDateTime(date) {
  return `${date.toLocaleDateString('sv')} ${formatTime(date)}`;
}

/**
 * "239.1.1.1:5000", "[ff02::1]:5000".
 * @param {string} address
 * @param {number} port
 */
export function formatEndpoint(address, port) {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * 1 → "1 output", 3 → "3 outputs".
 * @param {number} count
 * @param {string} noun
 */
export function formatPlural(count, noun) {
  return `${formatExact(count)} ${noun}${count === 1 ? '' : 's'}`;
}
