// @ts-check
/** How the link to the server stands, in words; while it is down, how old what is on show is. */

import { part, setHidden, setText } from './dom.js';
import { formatCountdown, formatTime } from './format.js';
import { StateBadge } from './state-badge.js';

/** @type {Record<string, import('./condition.js').Condition>} */
const CONDITIONS = {
  connecting: { word: 'Connecting', icon: 'connecting', tone: 'busy' },
  live: { word: 'Live', icon: 'connected', tone: 'good' },
  lost: { word: 'Connection lost', icon: 'no_signal', tone: 'bad' },
  locked: { word: 'Locked', icon: 'stopped', tone: 'bad' },
};

export class ConnectionStatus {
  #root;
  #store;
  #badge;
  #detail;
  #retry;
  #wasLost = false;

  /**
   * @param {HTMLElement} root
   * @param {import('./store.js').Store} store
   * @param {() => void} retryNow
   */
  constructor(root, store, retryNow) {
    this.#root = root;
    this.#store = store;
    this.#badge = new StateBadge(/** @type {HTMLElement} */ (root.querySelector('.state')));
    this.#detail = part(root, 'detail');
    this.#retry = part(root, 'retry');
    this.#retry.addEventListener('click', retryNow);
    store.addEventListener('connection', () => this.#show());
    setInterval(() => this.#tick(), 1000);
    this.#show();
  }

  #show() {
    const { state } = this.#store.connection;
    // A try that follows a loss is still the same outage: the warning stays until it succeeds.
    if (state !== 'connecting') this.#wasLost = state === 'lost';
    const shown = this.#wasLost ? 'lost' : state;
    this.#root.dataset.state = shown;
    document.documentElement.dataset.connection = shown;
    this.#badge.show(CONDITIONS[shown]);
    setHidden(this.#retry, state !== 'lost' && state !== 'locked');
    this.#tick();
  }

  #tick() {
    const { state, retryAt } = this.#store.connection;
    const { updatedAt } = this.#store;
    const left = retryAt - performance.now();
    let detail = '';
    if (this.#wasLost && updatedAt) detail = `Values are from ${formatTime(updatedAt)}. `;
    if (state === 'lost') detail += `Next try in ${formatCountdown(left)}.`;
    else if (this.#wasLost) detail += 'Trying now…';
    setText(this.#detail, detail);
  }
}
