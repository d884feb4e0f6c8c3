// @ts-check
/** Adds an output to a channel, or changes one. */

import { create, find, part, setHidden, setText, showItems } from './dom.js';
import { FieldError, FormDialog, changedFields } from './form-dialog.js';
import {
  BACKLOG_RANGE, describeRtmp, hasRtmpFields, isRtmp, isRtmps, rtmpFieldsFor, rtmpFieldsOf,
} from './rtmp-fields.js';
import { hintsFor } from './url-hints.js';

/**
 * @typedef {import('./types.js').Output} Output
 * @typedef {(fields: Record<string, unknown>) => Promise<unknown>} SaveFn
 */

/** @param {import('./url-hints.js').UrlHint} hint */
function hintItem({ kind, example, note }) {
  return create('li', '', create('b', '', kind), create('code', '', example), create('span', '', note));
}

export class OutputDialog extends FormDialog {
  /** @type {Output | null} */
  #output = null;
  /** @type {SaveFn} */
  #send = async () => {};

  constructor() {
    super('output-dialog');
    this.form.addEventListener('input', () => this.#showRelevant());
  }

  /**
   * @param {string} channelName
   * @param {Output | null} output null: a new one
   * @param {SaveFn} send is given all fields of a new output, the changed ones of a known one
   */
  open(channelName, output, send) {
    this.#output = output;
    this.#send = send;
    this.input('url').value = output?.url ?? '';
    this.input('name').value = output?.name ?? '';
    this.input('enabled').checked = output?.enabled ?? true;
    for (const [name, value] of Object.entries(rtmpFieldsOf(output))) this.control(name).value = String(value ?? '');
    find(this.dialog, 'details', HTMLDetailsElement).open = false;
    this.#showRelevant();
    setHidden(part(this.dialog, 'secret-hint'), !output?.url.includes('***') && !output?.stream_key);
    const error = part(this.dialog, 'last-error');
    setText(error, `Last error: ${output?.last_error ?? ''}`);
    setHidden(error, !output?.last_error);
    this.show(output ? `Edit output ${output.name}` : `Add output to ${channelName}`,
      output ? 'Save' : 'Add output');
  }

  /** What goes with the URL so far. */
  #showRelevant() {
    const url = this.input('url').value;
    const tls = isRtmps(url);
    showItems(part(this.dialog, 'url-hints'), hintsFor(url), hintItem);
    for (const name of ['rtmp-key', 'rtmp']) setHidden(part(this.dialog, name), !isRtmp(url) || !hasRtmpFields(this.#output));
    setHidden(part(this.dialog, 'tls'), !tls);
    setHidden(part(this.dialog, 'unverified'), this.control('tls_verify').value !== 'off');
    setText(part(this.dialog, 'rtmp-note'), describeRtmp({ ...this.#readRtmp(), backlog_ms: Number(this.#text('backlog_ms')) || 0 }, tls));
  }

  /** @param {string} name */
  #text(name) {
    return this.control(name).value.trim();
  }

  #readRtmp() {
    return {
      stream_key: this.#text('stream_key') || null,
      audio: this.#text('audio') || '0',
      hevc: this.#text('hevc'),
      cues: this.#text('cues'),
      tls_verify: this.#text('tls_verify'),
      tls_ca: this.#text('tls_ca') || null,
    };
  }

  /** @param {string} url */
  #rtmpFields(url) {
    const [from, to] = BACKLOG_RANGE;
    const text = this.#text('backlog_ms');
    if (!isRtmp(url) || !hasRtmpFields(this.#output)) return {};
    if (!/^\d{1,6}$/.test(text) || Number(text) < from || Number(text) > to) {
      throw new FieldError('backlog_ms', `A whole number from ${from} to ${to}.`);
    }
    return rtmpFieldsFor(url, { ...this.#readRtmp(), backlog_ms: Number(text) });
  }

  async save() {
    const url = this.input('url').value.trim();
    if (url === '') throw new FieldError('url', 'Say where the stream goes.');
    const name = this.input('name').value.trim();
    const enabled = this.input('enabled').checked;
    // Without a name the server makes one from the URL; a known output keeps its own.
    const entered = name === '' ? { url, enabled } : { url, name, enabled };
    // What an output does not have yet begins with its default.
    const rtmp = changedFields(this.#rtmpFields(url), { ...rtmpFieldsOf(this.#output) });
    if (!this.#output) {
      await this.#send({ ...entered, ...rtmp });
      return;
    }
    const changed = { ...changedFields(entered, { ...this.#output }), ...rtmp };
    if (Object.keys(changed).length > 0) await this.#send(changed);
  }
}
