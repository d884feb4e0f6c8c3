// @ts-check
/** Puts the page together: store, server, dialogs, components, and who listens to whom. */

import { Actions, ChannelCreatedEvent } from './actions.js';
import { ChannelDialog } from './channel-dialog.js';
import { ChannelList } from './channel-list.js';
import { matchesFilter, summarise } from './condition.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { ConnectionStatus } from './connection-status.js';
import { find, setHidden, setText } from './dom.js';
import { FilterBar } from './filter-bar.js';
import { formatDuration } from './format.js';
import { drawIcons } from './icons.js';
import { Notices } from './notices.js';
import { OutputDialog } from './output-dialog.js';
import { Server } from './server.js';
import { Store } from './store.js';
import { SummaryBar } from './summary-bar.js';
import { SystemDialog } from './system-dialog.js';
import { TokenDialog } from './token-dialog.js';

/** @param {string} id */
const element = (id) => find(document, `#${id}`, HTMLElement);

drawIcons(document);

const store = new Store();
const server = new Server(store, document.baseURI);
const actions = new Actions(server, store, {
  channel: new ChannelDialog(),
  output: new OutputDialog(),
  confirm: new ConfirmDialog(),
}, new Notices());
const list = new ChannelList(element('channels'), store, actions,
  (channelId, outputId) => server.loadDetails(channelId, outputId));
const filterBar = new FilterBar(find(document, '#filter', HTMLFormElement));
const systemDialog = new SystemDialog(server, store);
const summaryBar = new SummaryBar(element('summary'));
new TokenDialog(server, store);
new ConnectionStatus(element('connection'), store, () => server.retryNow());

/** Which of the list, the first steps, "no match" and "waiting" is on show. */
function showMain() {
  const total = store.channels.size;
  const known = store.health !== null;
  setHidden(element('loading'), known);
  setHidden(element('empty'), !known || total > 0);
  setHidden(element('filter'), total === 0);
  setHidden(element('channels'), list.shown === 0);
  setHidden(element('no-match'), total === 0 || list.shown > 0);
  filterBar.showCount(list.shown, total);
}

function showSummary() {
  const summary = summarise(store.channels.values());
  summaryBar.showSummary(summary);
  filterBar.showProblems(summary.problems);
  const title = 'MediaLive Distributor';
  document.title = summary.problems > 0 ? `(${summary.problems}) ${title}` : title;
}

function showHealth() {
  if (!store.health) return;
  const { version, uptime_s, interfaces } = store.health;
  summaryBar.showInterfaces(interfaces ?? []);
  setText(element('version'), `Version ${version}, up ${formatDuration(uptime_s * 1000)}`);
}

/** @param {Event} event */
function showCreated(event) {
  if (!(event instanceof ChannelCreatedEvent)) return;
  if (!matchesFilter(event.channel, filterBar.filter)) filterBar.clear();
  list.reveal(event.channel.id);
}

store.addEventListener('channels', showSummary);
store.addEventListener('health', showHealth);
list.addEventListener('shown', showMain);
actions.addEventListener('created', showCreated);
filterBar.addEventListener('filter', () => list.setFilter(filterBar.filter));
filterBar.addEventListener('fold', () => list.setFolded(filterBar.folded));
list.setFolded(filterBar.folded);
element('open-system').addEventListener('click', () => systemDialog.open());
element('new-channel').addEventListener('click', () => actions.newChannel());
find(element('empty'), 'button', HTMLButtonElement).addEventListener('click', () => actions.newChannel());
find(element('no-match'), 'button', HTMLButtonElement).addEventListener('click', () => filterBar.clear());

server.start();
