// @ts-check
/**
 * The machine in detail: what the program runs on, how each interface takes packets in, and what
 * happened last. Interfaces are asked for as long as it is open; events come by themselves.
 */

import { eventCondition } from './condition.js';
import { create, find, part, setHidden, setText, showItems } from './dom.js';
import { formatBytes, formatDateTime, formatExact } from './format.js';
import { setIcon } from './icons.js';
import { InterfaceCard } from './interface-card.js';
import { ServerError } from './server.js';

/**
 * @typedef {import('./types.js').System} System
 * @typedef {import('./types.js').ServerEvent} ServerEvent
 */

const POLL_MS = 2_000;

/**
 * @param {System} system
 * @returns {[string, string][]} label and text of what the server tells
 */
function factsOf({ version, kernel, architecture, cpus, ingest, memlock, capabilities }) {
  /** @type {[string, string][]} */
  const facts = [['Version', version], ['Kernel', architecture ? `${kernel}, ${architecture}` : kernel]];
  if (cpus) facts.push(['CPUs', formatExact(cpus)]);
  if (ingest) {
    const copy = ingest.zero_copy ? ', zero-copy wanted' : '';
    facts.push(['Ingest', `${ingest.mode}, ${formatExact(ingest.fill_ring)} frames a queue${copy}`]);
  }
  if (memlock) {
    const limit = memlock.limit_bytes === null ? 'no limit' : `limit ${formatBytes(memlock.limit_bytes)}`;
    facts.push(['Locked memory', `${formatBytes(memlock.umem_bytes)}, ${limit}`]);
  }
  if (capabilities) facts.push(['Capabilities', capabilities.join(', ') || 'none']);
  return facts;
}

/** @param {[string, string]} fact */
function factItem([label, text]) {
  return create('div', '', create('dt', '', label), create('dd', '', text));
}

/** @param {ServerEvent} event */
function eventItem(event) {
  const { word, icon, tone } = eventCondition(event);
  const drawing = create('span', '');
  setIcon(drawing, icon);
  const time = create('time', '', formatDateTime(new Date(event.time)));
  time.setAttribute('datetime', event.time);
  time.title = event.time;
  const state = create('span', 'state', drawing, word);
  state.dataset.tone = tone;
  return create('li', '', time, state, create('span', 'text', event.text));
}

export class SystemDialog {
  #server;
  #store;
  #dialog = find(document, '#system-dialog', HTMLDialogElement);
  /** @type {Map<string, InterfaceCard>} by name */
  #cards = new Map();
  #timer = 0;
  /** Whether what happened before the page was opened is known. */
  #eventsAsked = false;

  /**
   * @param {import('./server.js').Server} server
   * @param {import('./store.js').Store} store
   */
  constructor(server, store) {
    this.#server = server;
    this.#store = store;
    part(this.#dialog, 'close').addEventListener('click', () => this.#dialog.close());
    this.#dialog.addEventListener('close', () => clearTimeout(this.#timer));
    store.addEventListener('events', () => this.#showEvents());
  }

  open() {
    this.#dialog.showModal();
    this.#eventsAsked = false;
    this.#showEvents();
    this.#poll();
  }

  async #poll() {
    clearTimeout(this.#timer);
    if (!document.hidden) await this.#load();
    clearTimeout(this.#timer);
    if (this.#dialog.open) this.#timer = window.setTimeout(() => this.#poll(), POLL_MS);
  }

  async #load() {
    let text = '';
    try {
      this.#showSystem(await this.#server.loadSystem());
      if (!this.#eventsAsked) await this.#server.loadEvents();
      this.#eventsAsked = true;
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      text = error.code === 'not_found' ? 'This server is an older one, which does not tell that much.' : error.message;
    }
    setText(part(this.#dialog, 'error'), text);
    setHidden(part(this.#dialog, 'error'), text === '');
  }

  /** @param {System} system */
  #showSystem(system) {
    showItems(part(this.#dialog, 'facts'), factsOf(system), factItem);
    const list = part(this.#dialog, 'interfaces');
    const gone = new Set(this.#cards.keys());
    for (const info of system.interfaces) {
      gone.delete(info.name);
      let card = this.#cards.get(info.name);
      if (!card) {
        this.#cards.set(info.name, card = new InterfaceCard());
        list.append(card.element);
      }
      card.show(info);
    }
    for (const name of gone) {
      this.#cards.get(name)?.element.remove();
      this.#cards.delete(name);
    }
    setHidden(part(this.#dialog, 'no-interfaces'), system.interfaces.length > 0);
  }

  /** The newest on top. */
  #showEvents() {
    if (!this.#dialog.open) return;
    const { events } = this.#store;
    showItems(part(this.#dialog, 'events'), [...events].reverse(), eventItem);
    setHidden(part(this.#dialog, 'no-events'), events.length > 0);
  }
}
