// @ts-check
/** Who reads from a listener, a line each. */

import { cloneTemplate, find, part, setAttribute, setHidden, setText } from './dom.js';
import { formatBytes, formatCount, formatDateTime, formatDuration, formatLatency, formatMilliseconds } from './format.js';

/** @typedef {import('./types.js').Reader} Reader */

/** The columns that are numbers: the part's name and its text. @type {[string, (stats: Reader['stats']) => string][]} */
const NUMBERS = [
  ['sent', ({ bytes_sent }) => formatBytes(bytes_sent)],
  ['rtt', ({ msRTT }) => formatLatency(msRTT)],
  ['buffer', ({ msSndBuf }) => formatMilliseconds(msSndBuf)],
  ['missing', ({ pktSndLossTotal }) => formatCount(pktSndLossTotal)],
  ['again', ({ pktRetransTotal }) => formatCount(pktRetransTotal)],
  ['dropped', ({ byteSndDropTotal }) => formatBytes(byteSndDropTotal)],
  ['lost', ({ packets_lost }) => formatCount(packets_lost)],
];

export class ReaderTable {
  #body;
  #table;
  #none;
  /** Rows live as long as their reader, and so does the focus on their button. @type {Map<number, HTMLElement>} */
  #rows = new Map();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#body = part(root, 'readers-body');
    this.#table = part(root, 'readers-table');
    this.#none = part(root, 'no-readers');
  }

  /** @param {Reader[]} readers */
  show(readers) {
    const gone = new Set(this.#rows.keys());
    for (const reader of readers) {
      gone.delete(reader.id);
      this.#showReader(reader);
    }
    for (const id of gone) {
      this.#rows.get(id)?.remove();
      this.#rows.delete(id);
    }
    setHidden(this.#table, readers.length === 0);
    setHidden(this.#none, readers.length > 0);
  }

  /** @param {Reader} reader */
  #showReader(reader) {
    const row = this.#rows.get(reader.id) ?? this.#addRow(reader);
    const since = new Date(reader.connected_at ?? Date.now());
    setText(part(row, 'since'), formatDuration(Date.now() - since.getTime()));
    setAttribute(part(row, 'since'), 'title', `Connected since ${formatDateTime(since)}`);
    for (const [name, text] of NUMBERS) setText(part(row, name), text(reader.stats));
  }

  /** @param {Reader} reader */
  #addRow({ id, address, stream_id }) {
    const row = cloneTemplate('reader-template');
    const button = find(row, 'button', HTMLButtonElement);
    button.dataset.reader = String(id);
    button.dataset.address = address ?? '';
    setAttribute(button, 'aria-label', `Disconnect ${address}`);
    setText(part(row, 'address'), address ?? '');
    setText(part(row, 'stream-id'), stream_id ?? '');
    setAttribute(part(row, 'stream-id'), 'title', stream_id ?? '');
    this.#rows.set(id, row);
    this.#body.append(row);
    return row;
  }
}
