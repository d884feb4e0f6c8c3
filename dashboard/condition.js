// @ts-check
/**
 * What a state means to the operator: its word, its icon, its tone, and whether somebody should look
 * at it. Pure functions of what the server sent.
 *
 * @typedef {import('./types.js').Channel} Channel
 * @typedef {import('./types.js').Input} Input
 * @typedef {import('./types.js').Output} Output
 * @typedef {'good' | 'busy' | 'warn' | 'bad' | 'idle'} Tone
 *
 * @typedef {object} Condition
 * @property {string} word
 * @property {string} icon
 * @property {Tone} tone
 */

/** @type {Record<string, Condition>} */
const CHANNEL_CONDITIONS = {
  receiving: { word: 'Receiving', icon: 'receiving', tone: 'good' },
  waiting: { word: 'Waiting', icon: 'waiting', tone: 'busy' },
  no_signal: { word: 'No signal', icon: 'no_signal', tone: 'bad' },
  error: { word: 'Error', icon: 'error', tone: 'bad' },
  stopped: { word: 'Stopped', icon: 'stopped', tone: 'idle' },
};

/** @type {Record<string, Condition>} */
const OUTPUT_CONDITIONS = {
  connected: { word: 'Connected', icon: 'connected', tone: 'good' },
  connecting: { word: 'Connecting', icon: 'connecting', tone: 'busy' },
  listening: { word: 'Listening', icon: 'waiting', tone: 'busy' },
  sending: { word: 'Sending', icon: 'receiving', tone: 'good' },
  retrying: { word: 'Retrying', icon: 'retrying', tone: 'warn' },
  error: { word: 'Error', icon: 'error', tone: 'bad' },
  stopped: { word: 'Stopped', icon: 'stopped', tone: 'idle' },
  disabled: { word: 'Disabled', icon: 'disabled', tone: 'idle' },
};

/**
 * @param {string} state one that this page does not know is shown as it is
 * @returns {Condition}
 */
function unknownCondition(state) {
  return { word: state, icon: 'no_signal', tone: 'warn' };
}

/** Of a channel, or of one of its inputs. @param {Channel | Input} channel */
export function channelCondition(channel) {
  return CHANNEL_CONDITIONS[channel.state] ?? unknownCondition(channel.state);
}

/** Both inputs of a channel that has two, otherwise none. @param {Channel} channel */
export function redundantInputs({ inputs = [] }) {
  return inputs.length > 1 ? inputs : [];
}

/** Whether readers come to it. @param {Output} output */
export function listens({ reader_count }) {
  return reader_count !== undefined;
}

/** @param {Output} output */
export function isSrt({ url }) {
  return /^srt:/i.test(url);
}

/** Whether it sends datagrams to whoever listens, without a connection. @param {Output} output */
function isDatagrams({ url }) {
  return /^(udp|rtp):/i.test(url);
}

/** @param {Output} output */
export function outputCondition(output) {
  if (!output.enabled && output.state === 'stopped') return OUTPUT_CONDITIONS.disabled;
  if (output.state === 'connecting' && listens(output)) return OUTPUT_CONDITIONS.listening;
  if (output.state === 'connected' && isDatagrams(output)) return OUTPUT_CONDITIONS.sending;
  return OUTPUT_CONDITIONS[output.state] ?? unknownCondition(output.state);
}

/** The warning of an output in two words. @param {Output} output */
export function warningWord({ tls_verify }) {
  return tls_verify === 'off' ? 'TLS not verified' : 'Warning';
}

/** @type {Record<string, string>} */
const MODES = { xdp: 'native XDP', 'xdp-generic': 'generic XDP', udp: 'kernel sockets' };

/** How an interface takes packets in. @param {string} mode the server's word */
export function modeWord(mode) {
  return MODES[mode] ?? mode;
}

/**
 * @param {import('./types.js').SystemInterface} info
 * @returns {Condition}
 */
export function interfaceCondition({ present, up, mode, reason }) {
  if (!present) return { word: 'Not there', icon: 'error', tone: 'bad' };
  if (!up) return { word: 'Down', icon: 'no_signal', tone: 'bad' };
  if (reason) return { word: modeWord(mode), icon: 'no_signal', tone: 'warn' };
  return { word: modeWord(mode), icon: 'connected', tone: 'good' };
}

/** @type {Record<string, Condition>} */
const EVENT_CONDITIONS = {
  signal_lost: { word: 'Signal lost', icon: 'no_signal', tone: 'bad' },
  signal_back: { word: 'Signal back', icon: 'receiving', tone: 'good' },
  input_lost: { word: 'Input lost', icon: 'no_signal', tone: 'warn' },
  input_back: { word: 'Input back', icon: 'receiving', tone: 'good' },
  input_switched: { word: 'Input switched', icon: 'switch', tone: 'warn' },
  interface_down: { word: 'Interface down', icon: 'no_signal', tone: 'bad' },
  interface_gone: { word: 'Interface gone', icon: 'error', tone: 'bad' },
  interface_up: { word: 'Interface up', icon: 'connected', tone: 'good' },
  interface_back: { word: 'Interface back', icon: 'connected', tone: 'good' },
};

/**
 * @param {import('./types.js').ServerEvent} event one that this page does not know is a mere fact
 * @returns {Condition}
 */
export function eventCondition({ type }) {
  return EVENT_CONDITIONS[type] ?? { word: type.replaceAll('_', ' '), icon: 'connecting', tone: 'idle' };
}

/**
 * Running and healthy, or stopped on purpose, is no problem. Waiting and connecting are none either:
 * they pass, or turn into one.
 * @param {{tone: Tone}} condition
 */
function isProblem(condition) {
  return condition.tone === 'warn' || condition.tone === 'bad';
}

/** How many of its outputs somebody should look at. @param {Channel} channel */
export function countOutputProblems({ outputs }) {
  return outputs.filter((output) => isProblem(outputCondition(output))).length;
}

/**
 * How many things of this channel somebody should look at: itself, or an input that would be missing
 * when the other one fails, and each of its outputs.
 * @param {Channel} channel
 */
export function countProblems(channel) {
  const ill = [channel, ...redundantInputs(channel)].some((input) => isProblem(channelCondition(input)));
  return countOutputProblems(channel) + (ill ? 1 : 0);
}

/** What datagrams were refused for, summed. @param {{stats: import('./types.js').Stats}} channel or input */
export function countRejected({ stats }) {
  let rejected = 0;
  for (const [name, value] of Object.entries(stats)) {
    if (name.startsWith('rejected_')) rejected += value;
  }
  return rejected;
}

/**
 * @typedef {object} Summary
 * @property {number} total
 * @property {number} running
 * @property {number} receiving
 * @property {number} outputs
 * @property {number} connected
 * @property {number} retrying
 * @property {number} failed
 * @property {number} problems
 * @property {number} inputBitrate
 * @property {number} outputBitrate
 */

/**
 * The whole machine in ten numbers.
 * @param {Iterable<Channel>} channels
 * @returns {Summary}
 */
export function summarise(channels) {
  const sum = {
    total: 0, running: 0, receiving: 0, outputs: 0, connected: 0, retrying: 0, failed: 0,
    problems: 0, inputBitrate: 0, outputBitrate: 0,
  };
  for (const channel of channels) {
    sum.total += 1;
    if (channel.desired === 'running') sum.running += 1;
    if (channel.state === 'receiving') sum.receiving += 1;
    sum.inputBitrate += channel.stats.bitrate_bps ?? 0;
    sum.problems += countProblems(channel);
    for (const output of channel.outputs) {
      sum.outputs += 1;
      if (output.state === 'connected') sum.connected += 1;
      if (output.state === 'retrying') sum.retrying += 1;
      if (output.state === 'error') sum.failed += 1;
      sum.outputBitrate += output.stats.bitrate_bps ?? 0;
    }
  }
  return sum;
}

/**
 * Whether the channel passes the filter. Every word typed must be found in its name, address or state
 * or in those of its inputs and outputs; the state, when given, must be the channel's or one of its outputs', and
 * "problem" stands for any that needs a look.
 * @param {Channel} channel
 * @param {{text: string, state: string}} filter
 */
export function matchesFilter(channel, { text, state }) {
  if (state === 'problem' && countProblems(channel) === 0) return false;
  if (state !== '' && state !== 'problem') {
    const [kind, wanted] = state.split(':');
    const found = kind === 'channel'
      ? channel.state === wanted
      : channel.outputs.some((output) => output.state === wanted);
    if (!found) return false;
  }
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const texts = [channel.name, `${channel.rtp_ip}:${channel.rtp_port}`, channelCondition(channel).word];
  for (const input of redundantInputs(channel)) texts.push(input.address, channelCondition(input).word);
  for (const output of channel.outputs) texts.push(output.name, output.url, outputCondition(output).word);
  const haystack = texts.join('\n').toLowerCase();
  return words.every((word) => haystack.includes(word));
}
