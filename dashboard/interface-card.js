// @ts-check
/** How one interface takes packets in: its mode, why no better one and what would help, queues, drops. */

import { makeCommand } from './command.js';
import { interfaceCondition, modeWord } from './condition.js';
import { counterLabel } from './counters.js';
import { cloneTemplate, create, part, setHidden, setText, showItems } from './dom.js';
import { formatBitrate, formatExact, formatPlural } from './format.js';
import { StateBadge } from './state-badge.js';

/**
 * @typedef {import('./types.js').SystemInterface} SystemInterface
 * @typedef {{text: string, command: string | null}} Advice
 */

/** Counters that should stay zero. */
const FAULTS = /drop|full|empty|error|missed/;

/** @param {SystemInterface} info */
function factsText({ driver, mtu, speed_mbps }) {
  const facts = [];
  if (driver) facts.push(`driver ${driver}`);
  if (mtu) facts.push(`MTU ${mtu}`);
  if (speed_mbps) facts.push(formatBitrate(speed_mbps * 1e6));
  return facts.join(', ');
}

/**
 * Why the interface is not served better, and what the check before found, each once.
 * @param {SystemInterface} info
 * @returns {Advice[]}
 */
function adviceOf({ mode, reason, steps = [], preflight = [] }) {
  const advice = steps.map((step) => ({ text: `No ${modeWord(step.mode)}: ${step.reason}`, command: step.fix }));
  if (advice.length === 0 && reason) advice.push({ text: `${modeWord(mode)}: ${reason}`, command: null });
  for (const { sentence, command } of preflight) {
    if (steps.some((step) => step.reason.includes(sentence) || (command && step.fix === command))) continue;
    advice.push({ text: sentence, command });
  }
  return advice;
}

/** @param {Advice} advice */
function adviceItem({ text, command }) {
  const item = create('li', '', create('p', '', text));
  if (command) item.append(makeCommand(command));
  return item;
}

/**
 * How many queues in which mode, and what they dropped.
 * @param {NonNullable<SystemInterface['queues']>} queues
 */
function queuesText(queues) {
  const modes = [...new Set(queues.map(({ mode }) => mode))].map((mode) => {
    const count = queues.filter((queue) => queue.mode === mode).length;
    return count === queues.length ? mode : `${count} ${mode}`;
  });
  const sum = (/** @type {string} */ name) => queues.reduce((total, queue) => total + Number(queue[name] ?? 0), 0);
  const dropped = sum('rx_dropped') + sum('rx_ring_full');
  return `${formatPlural(queues.length, 'queue')}, ${modes.join(' and ')}, ${formatExact(dropped)} dropped`;
}

/** @param {[string, number]} counter */
function counterLine([name, value]) {
  const line = create('div', 'account-line', create('dt', '', counterLabel(name)), create('dd', 'value', formatExact(value)));
  line.title = name;
  line.dataset.level = faultLevel(name, value);
  return line;
}

/**
 * @param {string} name
 * @param {number | string} value
 */
function faultLevel(name, value) {
  if (value === 0) return 'none';
  return FAULTS.test(name) ? 'fault' : 'some';
}

export class InterfaceCard {
  element = cloneTemplate('interface-template');
  #badge = new StateBadge(part(this.element, 'state'));

  /** @param {SystemInterface} info */
  show(info) {
    setText(part(this.element, 'name'), info.name);
    this.#badge.show(interfaceCondition(info));
    setText(part(this.element, 'facts'), factsText(info));
    const advice = adviceOf(info);
    showItems(part(this.element, 'steps'), advice, adviceItem);
    setHidden(part(this.element, 'steps'), advice.length === 0);
    this.#showQueues(info.queues ?? []);
    this.#showCounters('verdicts', info.verdicts ?? {});
    this.#showCounters('link', info.link ?? {});
  }

  /** @param {NonNullable<SystemInterface['queues']>} queues */
  #showQueues(queues) {
    setHidden(part(this.element, 'queues'), queues.length === 0);
    if (queues.length === 0) return;
    setText(part(this.element, 'queues-note'), queuesText(queues));
    const names = Object.keys(queues[0]);
    showItems(part(this.element, 'queues-head'), names, (name) => {
      const cell = create('th', '', counterLabel(name));
      cell.title = name;
      return cell;
    });
    showItems(part(this.element, 'queues-body'), queues, (queue) => create('tr', '', ...names.map((name) => {
      const value = queue[name];
      const cell = create('td', '', typeof value === 'number' ? formatExact(value) : String(value));
      if (name !== 'queue') cell.dataset.level = faultLevel(name, value);
      return cell;
    })));
  }

  /**
   * @param {'verdicts' | 'link'} name
   * @param {import('./types.js').Stats} counters
   */
  #showCounters(name, counters) {
    const entries = Object.entries(counters);
    setHidden(part(this.element, name), entries.length === 0);
    showItems(part(this.element, `${name}-lines`), entries, counterLine);
  }
}
