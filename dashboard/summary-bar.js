// @ts-check
/** The machine at a glance: channels, outputs, and how each interface takes packets in. */

import { modeWord } from './condition.js';
import { create, part, setAttribute, setHidden, setText, showItems } from './dom.js';
import { formatBitrate, formatCount, formatPlural } from './format.js';
import { setIcon } from './icons.js';

/**
 * @typedef {import('./types.js').Interface} Interface
 * @typedef {import('./condition.js').Summary} Summary
 */

/** @param {Interface} info */
function interfaceText(info) {
  const queues = info.queues > 0 ? `, ${formatPlural(info.queues, 'queue')}` : '';
  const drops = info.rx_dropped + info.rx_ring_full;
  const lost = drops > 0 ? `, ${formatCount(drops)} dropped` : '';
  return `${modeWord(info.mode)}${queues}${lost}`;
}

/** @param {Interface} info */
function interfaceItem(info) {
  const item = create('li', '', create('b', '', info.name), ` ${interfaceText(info)}`);
  if (info.reason) {
    const icon = create('span', '');
    setIcon(icon, 'no_signal');
    const reason = create('small', '', icon, create('span', '', info.reason));
    reason.title = info.reason; /* it is cut when it is long */
    item.append(reason);
  }
  item.title = `${info.rx_dropped} dropped for want of frames, ${info.rx_ring_full} because a ring was full`;
  return item;
}

export class SummaryBar {
  #root;
  #interfaces;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.#interfaces = part(root, 'interfaces');
  }

  /** @param {Summary} summary */
  showSummary(summary) {
    for (const name of /** @type {const} */ (['total', 'running', 'receiving', 'outputs', 'connected', 'retrying', 'failed'])) {
      setText(part(this.#root, name), formatCount(summary[name]));
    }
    setText(part(this.#root, 'input'), formatBitrate(summary.inputBitrate));
    setText(part(this.#root, 'output'), formatBitrate(summary.outputBitrate));
    setAttribute(part(this.#root, 'retrying-item'), 'data-tone', summary.retrying > 0 ? 'warn' : 'none');
    setAttribute(part(this.#root, 'failed-item'), 'data-tone', summary.failed > 0 ? 'bad' : 'none');
    setHidden(part(this.#root, 'failed-item'), summary.failed === 0);
  }

  /** @param {Interface[]} interfaces */
  showInterfaces(interfaces) {
    if (interfaces.length > 0) showItems(this.#interfaces, interfaces, interfaceItem);
    else showItems(this.#interfaces, ['kernel sockets on every interface'], (text) => create('li', '', text));
  }
}
