// @ts-check
/** The machine at a glance: channels, outputs, and how each interface takes packets in. */

import { part, setAttribute, setHidden, setText } from './dom.js';
import { formatBitrate, formatCount, formatPlural } from './format.js';

/**
 * @typedef {import('./types.js').Interface} Interface
 * @typedef {import('./condition.js').Summary} Summary
 */

/** @type {Record<string, string>} */
const MODES = { xdp: 'native XDP', 'xdp-generic': 'generic XDP', udp: 'kernel sockets' };

/** @param {Interface} info */
function interfaceText(info) {
  const queues = info.queues > 0 ? `, ${formatPlural(info.queues, 'queue')}` : '';
  const drops = info.rx_dropped + info.rx_ring_full;
  const lost = drops > 0 ? `, ${formatCount(drops)} dropped` : '';
  return `${MODES[info.mode] ?? info.mode}${queues}${lost}`;
}

export class SummaryBar {
  #root;
  #interfaces;
  #interfacesKey = '';

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
    const key = JSON.stringify(interfaces);
    if (key === this.#interfacesKey) return;
    this.#interfacesKey = key;
    if (interfaces.length === 0) {
      const item = document.createElement('li');
      item.textContent = 'kernel sockets on every interface';
      this.#interfaces.replaceChildren(item);
      return;
    }
    this.#interfaces.replaceChildren(...interfaces.map((info) => {
      const item = document.createElement('li');
      const name = document.createElement('b');
      name.textContent = info.name;
      item.append(name, ` ${interfaceText(info)}`);
      if (info.reason) {
        const reason = document.createElement('small');
        reason.textContent = info.reason;
        item.append(reason);
      }
      item.title = `${info.rx_dropped} dropped for want of frames, ${info.rx_ring_full} because a ring was full`;
      return item;
    }));
  }
}
