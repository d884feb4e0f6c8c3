// @ts-check
/*
 * The benchmark's results as one SVG: a panel of bars for each comparison, and latency against the sender tick.
 */

/**
 * @typedef {import('./results.mjs').Row} Row
 * @typedef {import('./results.mjs').LatencyRow} LatencyRow
 * @typedef {{label: string, value: number, ours: boolean}} Bar
 */

const WIDTH = 960;
const MARGIN = 32;
const LABEL_WIDTH = 210;
const VALUE_WIDTH = 90;
const BAR = 22;
const STEP = 30;
const OURS = '#1769aa';
const THEIRS = '#a9b4be';
const INK = '#1c2733';
const QUIET = '#5b6875';

/** @type {Record<string, string>} */
const NAMES = {
  program: 'this program',
  libsrt: 'bare libsrt (floor)',
  'program-aes128': 'this program, AES-128',
  'program-aes256': 'this program, AES-256',
  'program-rtp': 'this program, rtp://',
  'ffmpeg-chain': 'FFmpeg chain',
  'ffmpeg-many': 'one FFmpeg',
  gstreamer: 'GStreamer',
};

/** @param {string} text */
const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {string} [more] attributes
 */
const text = (x, y, content, more = '') => `<text x="${x}" y="${y}" ${more}>${escape(content)}</text>`;

/** @param {number} value */
const short = (value) => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);

/**
 * Horizontal bars from y on. Returns the panel, and where it ends.
 * @param {number} y
 * @param {string} title
 * @param {string} unit
 * @param {Bar[]} bars
 */
function drawBars(y, title, unit, bars) {
  const most = Math.max(...bars.map((bar) => bar.value));
  const room = WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH;
  const left = MARGIN + LABEL_WIDTH;
  const parts = [text(MARGIN, y + 18, title, 'class="title"')];
  let at = y + 32;

  for (const bar of bars) {
    const width = Math.max(1, (bar.value / most) * room);
    const middle = at + BAR / 2 + 5;
    parts.push(text(left - 12, middle, bar.label, `text-anchor="end"${bar.ours ? ' class="ours"' : ''}`));
    parts.push(`<rect x="${left}" y="${at}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${bar.ours ? OURS : THEIRS}"/>`);
    parts.push(text(left + width + 8, middle, `${short(bar.value)} ${unit}`, 'class="value"'));
    at += STEP;
  }
  return { parts, end: at + 18 };
}

/**
 * Lines of the median and the 99th percentile over the ticks, evenly spaced.
 * @param {number} y
 * @param {LatencyRow[]} rows
 */
function drawLatency(y, rows) {
  const height = 200;
  const top = y + 44;
  const left = MARGIN + 60;
  const room = WIDTH - MARGIN - left - 150;
  const most = Math.ceil(Math.max(...rows.map((row) => row.p99_us)) / 5000) * 5;
  /** @param {number} index */
  const x = (index) => left + 40 + (rows.length > 1 ? (index / (rows.length - 1)) * (room - 80) : 0);
  /** @param {number} us */
  const height_of = (us) => top + height - (us / 1e3 / most) * height;
  const parts = [text(MARGIN, y + 18, 'Added latency and CPU by sender tick (udp:// output, under 44 SRT outputs)', 'class="title"')];

  for (let ms = 0; ms <= most; ms += most > 20 ? 10 : 5) {
    const at = height_of(ms * 1e3);
    parts.push(`<line x1="${left}" x2="${left + room}" y1="${at}" y2="${at}" stroke="#e3e8ec"/>`);
    parts.push(text(left - 8, at + 4, `${ms} ms`, 'text-anchor="end" class="value"'));
  }
  for (const { key, name, color, label } of /** @type {const} */ ([
    { key: 'p99_us', name: '99th percentile', color: THEIRS, label: -10 },
    { key: 'median_us', name: 'median', color: OURS, label: 20 },
  ])) {
    const points = rows.map((row, index) => `${x(index).toFixed(1)},${height_of(row[key]).toFixed(1)}`);
    parts.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="2.5"/>`);
    rows.forEach((row, index) => {
      parts.push(`<circle cx="${x(index).toFixed(1)}" cy="${height_of(row[key]).toFixed(1)}" r="4" fill="${color}"/>`);
      parts.push(text(x(index), height_of(row[key]) + label, (row[key] / 1e3).toFixed(1), 'text-anchor="middle" class="value"'));
    });
    parts.push(text(x(rows.length - 1) + 14, height_of(rows[rows.length - 1][key]) + 4, name));
  }
  rows.forEach((row, index) => {
    parts.push(text(x(index), top + height + 22, `tick ${row.tick_us / 1e3} ms`, 'text-anchor="middle"'));
    parts.push(text(x(index), top + height + 40, `${row.cpu_percent.toFixed(0)} % of a core`, 'text-anchor="middle" class="value"'));
  });
  return { parts, end: top + height + 60 };
}

/**
 * @param {Row[]} rows
 * @param {keyof Row} key
 * @returns {Bar[]}
 */
function barsOf(rows, key) {
  return rows.map((row) => ({
    label: NAMES[row.contender] ?? row.contender,
    value: Number(row[key]),
    ours: row.contender.startsWith('program'),
  }));
}

/**
 * The whole picture.
 * @param {Row[]} rows
 * @param {LatencyRow[]} latency
 */
export function drawResults(rows, latency) {
  const hundred = rows.filter((row) => row.scenario === 'hundred');
  const peers = rows.filter((row) => row.scenario === 'peers');
  const rtmp = rows.filter((row) => row.scenario === 'rtmp');
  const parts = [];
  let y = MARGIN;

  for (const { title, unit, of, key } of /** @type {{title: string, unit: string, of: Row[], key: keyof Row}[]} */ ([
    { title: 'CPU of an output: 100 outputs, 25 channels', unit: '%', of: hundred, key: 'cpu_percent_output' },
    { title: 'CPU for each megabyte delivered: 16 outputs of one channel', unit: 'ms', of: peers, key: 'cpu_ms_per_mb' },
    { title: 'Memory (PSS): 16 outputs of one channel', unit: 'MB', of: peers, key: 'pss_mb' },
    { title: 'CPU for each megabyte delivered: 20 RTMP outputs of one channel', unit: 'ms', of: rtmp, key: 'cpu_ms_per_mb' },
    { title: 'Memory (PSS): 20 RTMP outputs of one channel', unit: 'MB', of: rtmp, key: 'pss_mb' },
  ])) {
    if (of.length === 0) continue;
    const panel = drawBars(y, title, unit, barsOf(of, key));
    parts.push(...panel.parts);
    y = panel.end;
  }
  if (latency.length > 0) {
    const panel = drawLatency(y, latency);
    parts.push(...panel.parts);
    y = panel.end;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}">`,
    `<style>text{font:14px system-ui,sans-serif;fill:${INK}}.title{font-size:16px;font-weight:600}` +
      `.value{font-size:13px;fill:${QUIET}}.ours{font-weight:600}</style>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
