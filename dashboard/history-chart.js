// @ts-check
/**
 * One measure of an output over the last ten minutes, as a line: what it is now, and the most it was. The
 * pointer reads a moment. Where there is no sample for some seconds there is no line.
 *
 * @typedef {import('./types.js').Sample} Sample
 *
 * @typedef {object} Measure
 * @property {string} title
 * @property {(sample: Sample) => number} of
 * @property {(value: number) => string} format
 */

import { cloneTemplate, find, part, setAttribute, setHidden, setText } from './dom.js';
import { NO_VALUE, formatTime } from './format.js';

export const SPAN_S = 600; /* how wide the chart is, in seconds: its viewBox */
const HEIGHT = 60; /* of the viewBox */
const TOP = 3; /* room above the highest point, for the width of the line */
const GAP_S = 3; /* without a sample for longer than that the line is broken */
const NEAR_S = 5; /* how far from the pointer a sample may be */

/**
 * @param {Sample[]} samples oldest first
 * @param {(sample: Sample) => number} x
 * @param {(sample: Sample) => number} y
 */
export function linePath(samples, x, y) {
  let path = '';
  let last = -Infinity;
  for (const sample of samples) {
    const at = x(sample);
    // A lone point is a line of no length; round caps make it visible.
    path += `${at - last > GAP_S ? `M${at} ${y(sample).toFixed(1)}` : ''}L${at} ${y(sample).toFixed(1)}`;
    last = at;
  }
  return path;
}

export class HistoryChart {
  element = cloneTemplate('chart-template');
  #value = part(this.element, 'value');
  #peak = part(this.element, 'peak');
  #svg = find(this.element, 'svg', SVGElement);
  #line = find(this.element, 'path', SVGElement);
  #cursor = find(this.element, 'line', SVGElement);
  #measure;
  /** @type {Sample[]} */
  #samples = [];
  #nowMs = 0;
  /** Where the pointer is, in the viewBox; null: nowhere. @type {number | null} */
  #pointer = null;

  /** @param {Measure} measure */
  constructor(measure) {
    this.#measure = measure;
    setText(part(this.element, 'title'), measure.title);
    this.#svg.setAttribute('viewBox', `0 0 ${SPAN_S} ${HEIGHT}`);
    this.#cursor.setAttribute('y2', String(HEIGHT));
  }

  /**
   * @param {Sample[]} samples oldest first
   * @param {number} nowMs the server's clock, in milliseconds since 1970
   */
  show(samples, nowMs) {
    const { title, of, format } = this.#measure;
    this.#samples = samples;
    this.#nowMs = nowMs;
    const peak = samples.reduce((most, sample) => Math.max(most, of(sample)), 0);
    const scale = (HEIGHT - TOP) / (peak || 1);
    setAttribute(this.#line, 'd', linePath(samples, (sample) => this.#x(sample), (sample) => HEIGHT - of(sample) * scale));
    setText(this.#peak, samples.length > 0 ? `at most ${format(peak)}` : '');
    this.#read();
    setAttribute(this.#svg, 'aria-label',
      `${title}, last 10 minutes: now ${this.#text(this.#newest())}, at most ${samples.length > 0 ? format(peak) : NO_VALUE}`);
  }

  /** @param {number | null} fraction of the width at which the pointer is; null: it has left */
  point(fraction) {
    this.#pointer = fraction === null ? null : fraction * SPAN_S;
    this.#read();
  }

  /** @param {Sample} sample */
  #x(sample) {
    return SPAN_S - Math.round((this.#nowMs - Date.parse(sample.at)) / 1000);
  }

  /** What is now: a sample of some seconds ago is none of it. */
  #newest() {
    const last = this.#samples.at(-1);
    return last && SPAN_S - this.#x(last) <= NEAR_S ? last : undefined;
  }

  /** @param {Sample | undefined} sample */
  #text(sample) {
    return sample ? this.#measure.format(this.#measure.of(sample)) : NO_VALUE;
  }

  #nearest() {
    const x = this.#pointer;
    if (x === null) return this.#newest();
    const far = (/** @type {Sample} */ sample) => Math.abs(this.#x(sample) - x);
    const [first, ...others] = this.#samples;
    const near = first && others.reduce((best, sample) => (far(sample) < far(best) ? sample : best), first);
    return near && far(near) <= NEAR_S ? near : undefined;
  }

  #read() {
    const sample = this.#nearest();
    const pointed = this.#pointer !== null && sample !== undefined;
    const time = pointed ? `${formatTime(new Date(sample.at))}  ` : '';
    setText(this.#value, time + this.#text(sample));
    setAttribute(this.#cursor, 'visibility', pointed ? 'visible' : 'hidden');
    if (!pointed) return;
    setAttribute(this.#cursor, 'x1', String(this.#x(sample)));
    setAttribute(this.#cursor, 'x2', String(this.#x(sample)));
  }

  /** @param {boolean} hidden */
  set hidden(hidden) {
    setHidden(this.element, hidden);
  }
}
