// @ts-check
/**
 * The channels, one row each with the rows of its outputs. Rows live as long as their channel and are
 * written once per frame at most, however many messages came in between.
 */

import { ChannelRow } from './channel-row.js';
import { matchesFilter } from './condition.js';
import { setHidden } from './dom.js';
import { ChannelsEvent } from './store.js';

const SHOWN_ROWS = '.channel:not([hidden]) > .row:not([hidden])';

/** Fires "shown" after the number of channels on show may have changed. */
export class ChannelList extends EventTarget {
  #root;
  #store;
  #loadDetails;
  /** @type {Map<string, ChannelRow>} by id */
  #rows = new Map();
  /** @type {Set<string>} */
  #pending = new Set();
  #frame = 0;
  #filter = { text: '', state: '' };
  #folded = false;
  #revealId = '';
  /** The button here that had the focus last, also while a dialog that it opened has it. @type {HTMLElement | null} */
  #focused = null;
  /** Where its row stands. */
  #focusIndex = -1;
  /** How many channels pass the filter. */
  shown = 0;

  /**
   * @param {HTMLElement} root
   * @param {import('./store.js').Store} store
   * @param {import('./actions.js').Actions} actions
   * @param {(channelId: string, outputId: string) => Promise<import('./types.js').OutputDetails>} loadDetails
   */
  constructor(root, store, actions, loadDetails) {
    super();
    this.#root = root;
    this.#store = store;
    this.#loadDetails = loadDetails;
    store.addEventListener('channels', (event) => {
      if (event instanceof ChannelsEvent) this.#schedule(event);
    });
    root.addEventListener('click', (event) => this.#click(event, actions));
    root.addEventListener('keydown', (event) => this.#keydown(event));
    document.addEventListener('focusin', ({ target }) => {
      if (!(target instanceof HTMLElement) || target.closest('dialog')) return;
      this.#focused = root.contains(target) ? target : null;
    });
    document.addEventListener('close', () => this.#keepFocus(), true);
    setInterval(() => {
      if (!document.hidden) this.#rows.forEach((row) => row.tick());
    }, 1000);
  }

  /** @param {{text: string, state: string}} filter */
  setFilter(filter) {
    this.#filter = filter;
    this.#applyFilter();
  }

  /** @param {boolean} folded whether outputs are hidden, for all channels */
  setFolded(folded) {
    this.#folded = folded;
    for (const row of this.#rows.values()) row.folded = folded;
  }

  /**
   * Bring a new channel into view, with the focus on what comes next: adding an output.
   * @param {string} id
   */
  reveal(id) {
    this.#revealId = id;
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  /** @param {ChannelsEvent} event */
  #schedule({ changed, removed }) {
    for (const id of changed) this.#pending.add(id);
    for (const id of removed) this.#pending.add(id);
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  #render() {
    this.#frame = 0;
    const focused = this.#focused;
    if (focused?.isConnected) this.#focusIndex = this.#shownRows().findIndex((row) => row.contains(focused));
    for (const id of this.#pending) this.#renderChannel(id);
    this.#pending.clear();
    this.#keepOrder();
    this.#applyFilter();
    this.#keepFocus();
    if (this.#revealId !== '') this.#focusNew();
  }

  #focusNew() {
    const button = this.#rows.get(this.#revealId)?.element.querySelector('[data-action="add-output"]');
    this.#revealId = '';
    if (button instanceof HTMLElement) button.focus();
  }

  /** @param {string} id */
  #renderChannel(id) {
    const channel = this.#store.channels.get(id);
    let row = this.#rows.get(id);
    if (!channel) {
      row?.element.remove();
      this.#rows.delete(id);
    } else if (row) {
      row.show(channel);
    } else {
      row = new ChannelRow(channel);
      row.folded = this.#folded;
      this.#rows.set(id, row);
    }
  }

  /** Rows stand in the store's order; only those that do not are moved. */
  #keepOrder() {
    let previous = this.#root.firstElementChild; /* the head */
    for (const id of this.#store.channels.keys()) {
      const element = this.#rows.get(id)?.element;
      if (!element || !previous) continue;
      if (previous.nextElementSibling !== element) previous.after(element);
      previous = element;
    }
  }

  #applyFilter() {
    let shown = 0;
    for (const row of this.#rows.values()) {
      const matches = matchesFilter(row.channel, this.#filter);
      setHidden(row.element, !matches);
      if (matches) shown += 1;
    }
    this.shown = shown;
    this.dispatchEvent(new Event('shown'));
  }

  /**
   * @param {Event} event
   * @param {import('./actions.js').Actions} actions
   */
  #click(event, actions) {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest('[data-action]');
    const channel = event.target.closest('[data-channel]');
    if (!(button instanceof HTMLElement) || !(channel instanceof HTMLElement)) return;
    const id = channel.dataset.channel ?? '';
    const owner = event.target.closest('[data-output], [data-input]');
    const part = owner instanceof HTMLElement ? owner.dataset.output ?? owner.dataset.input : undefined;
    const reader = { id: button.dataset.reader ?? '', address: button.dataset.address ?? '' };
    const action = button.dataset.action ?? '';
    const row = this.#rows.get(id);
    if (action === 'fold' && row) row.folded = !row.folded;
    else if (action === 'account' && row) row.accounted = !row.accounted;
    else if (action === 'account-output' && row && part) row.toggleDetail(part, () => this.#loadDetails(id, part));
    else actions.run(action, id, part, reader);
  }

  #shownRows() {
    return [...this.#root.querySelectorAll(SHOWN_ROWS)];
  }

  /**
   * The button that does for this row what the action does for another, if it has one: toggle-output
   * and toggle-channel are the same in this sense.
   * @param {Element | undefined} row
   * @param {HTMLElement} button
   */
  #sameButton(row, button) {
    const verb = button.dataset.action?.split('-')[0];
    const found = row?.querySelector(`[data-action^="${verb}"]:not([hidden])`);
    return found instanceof HTMLElement ? found : null;
  }

  /** Up and down go to the same button of the next row that has one. @param {KeyboardEvent} event */
  #keydown(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const button = event.target;
    if (!step || !(button instanceof HTMLElement) || !button.dataset.action) return;
    event.preventDefault();
    const rows = this.#shownRows();
    let index = rows.findIndex((row) => row.contains(button));
    for (index += step; index >= 0 && index < rows.length; index += step) {
      const target = this.#sameButton(rows[index], button);
      if (!target) continue;
      target.focus();
      return;
    }
  }

  /**
   * When the button that had the focus is gone, one nearby takes the focus over, so that the keyboard
   * does not start again at the top of the page.
   */
  #keepFocus() {
    const button = this.#focused;
    const active = document.activeElement;
    if (!button || button.checkVisibility()) return;
    // What is hidden has the focus until the next frame: a dialog's button that closed it.
    if (active !== document.body && active?.checkVisibility()) return;
    const rows = this.#shownRows();
    const index = Math.min(this.#focusIndex, rows.length - 1);
    const near = [rows[index], rows[index - 1], rows[index + 1]].map((row) => this.#sameButton(row, button));
    (near.find((found) => found !== null) ?? this.#root).focus();
  }
}
