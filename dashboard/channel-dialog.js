// @ts-check
/**
 * Makes a channel, or changes one. A name and a port are enough; everything else is folded away, with
 * what it is set to beside the heading.
 */

import {
  RANGES, describeProgram, describeRedundancy, describeRepair, describeSenders, fieldsOf, fieldsToCreate, fieldsToUpdate,
} from './channel-fields.js';
import { find, part, setHidden, setText } from './dom.js';
import { splitEntries } from './entries.js';
import { FieldError, FormDialog } from './form-dialog.js';

/**
 * @typedef {import('./types.js').Channel} Channel
 * @typedef {import('./channel-fields.js').ChannelFields} ChannelFields
 * @typedef {(fields: Record<string, unknown>) => Promise<unknown>} SaveFn
 */

export class ChannelDialog extends FormDialog {
  /** Whether the channel is a new one. */
  #isNew = true;
  #known = fieldsOf(null);
  /** @type {SaveFn} */
  #send = async () => {};

  constructor() {
    super('channel-dialog');
    this.form.addEventListener('input', () => {
      this.#showRelevant();
      this.#describe();
    });
  }

  /**
   * @param {Channel | null} channel null: a new one
   * @param {string[]} interfaces names to choose from
   * @param {SaveFn} send is given all fields of a new channel, the changed ones of a known one
   */
  open(channel, interfaces, send) {
    this.#isNew = channel === null;
    this.#known = fieldsOf(channel);
    this.#send = send;
    this.#fill(this.#known);
    for (const details of this.dialog.querySelectorAll('details')) {
      details.open = false;
      // A server that does not know a group's settings does not send them.
      setHidden(details, channel !== null && !((details.dataset.needs ?? '') in channel));
    }
    find(this.dialog, '#interface-names', HTMLDataListElement).replaceChildren(
      ...interfaces.map((name) => new Option(name, name)));
    this.#showRelevant();
    this.#describe();
    this.show(channel ? `Edit channel ${channel.name}` : 'New channel', channel ? 'Save' : 'Create channel');
  }

  async save() {
    const entered = this.#read();
    if (this.#isNew) {
      await this.#send(fieldsToCreate(entered));
      return;
    }
    const changed = fieldsToUpdate(entered, this.#known);
    if (Object.keys(changed).length > 0) await this.#send(changed);
  }

  /** @param {ChannelFields} fields */
  #fill(fields) {
    const { backup, failover } = fields;
    const texts = {
      name: fields.name,
      rtp_ip: this.#isNew ? '' : fields.rtp_ip,
      rtp_port: fields.rtp_port || '',
      reorder_ms: fields.reorder_ms,
      fec: fields.fec,
      program: fields.program,
      sources: fields.sources.join('\n'),
      max_pps: fields.max_pps,
      interface: fields.interface ?? '',
      'backup.rtp_ip': backup?.rtp_ip ?? '',
      'backup.rtp_port': backup?.rtp_port ?? '',
      'backup.sources': backup?.sources.join('\n') ?? '',
      'backup.interface': backup?.interface ?? '',
      'failover.mode': backup ? failover.mode : '',
      'failover.timeout_ms': failover.timeout_ms,
      'failover.return': failover.return,
      'failover.stable_ms': failover.stable_ms,
      'failover.merge_ms': failover.merge_ms,
    };
    for (const [name, value] of Object.entries(texts)) this.control(name).value = String(value);
    this.input('autostart').checked = fields.autostart;
  }

  /** Of the settings of a second input, those that its mode uses. */
  #showRelevant() {
    const mode = this.control('failover.mode').value;
    const returns = this.control('failover.return').value === 'return';
    setHidden(part(this.dialog, 'backup'), mode === '');
    setHidden(part(this.dialog, 'failover-only'), mode !== 'failover');
    setHidden(part(this.dialog, 'return-only'), !returns);
    setHidden(part(this.dialog, 'merge-only'), mode !== 'merge');
  }

  /** What each group is set to, or nothing while it cannot be read. */
  #describe() {
    const groups = {
      repair: () => describeRepair(this.#readRepair()),
      program: () => describeProgram(this.#readProgram()),
      senders: () => describeSenders(this.#readSenders()),
      redundancy: () => describeRedundancy(this.#readRedundancy()),
    };
    for (const [name, describe] of Object.entries(groups)) {
      let text = '';
      try {
        text = describe();
      } catch (error) {
        if (!(error instanceof FieldError)) throw error;
      }
      setText(part(this.dialog, `${name}-note`), text);
    }
  }

  /** @returns {ChannelFields} */
  #read() {
    const name = this.#text('name');
    if (name === '') throw new FieldError('name', 'Give the channel a name.');
    return {
      name,
      rtp_ip: this.#text('rtp_ip') || '0.0.0.0',
      rtp_port: this.#number('rtp_port', this.#known.rtp_port),
      autostart: this.input('autostart').checked,
      ...this.#readRepair(),
      ...this.#readProgram(),
      ...this.#readSenders(),
      ...this.#readRedundancy(),
    };
  }

  #readRepair() {
    return { reorder_ms: this.#number('reorder_ms', this.#known.reorder_ms), fec: this.#text('fec') };
  }

  #readProgram() {
    return { program: this.#number('program', this.#known.program) };
  }

  #readSenders() {
    return {
      sources: splitEntries(this.#text('sources')),
      max_pps: this.#number('max_pps', this.#known.max_pps),
      interface: this.#text('interface') || null,
    };
  }

  /** @returns {Pick<ChannelFields, 'backup' | 'failover'>} */
  #readRedundancy() {
    const known = this.#known.failover;
    const mode = this.#text('failover.mode');
    if (mode === '') return { backup: null, failover: known };
    return {
      backup: {
        rtp_ip: this.#text('backup.rtp_ip') || '0.0.0.0',
        rtp_port: this.#number('backup.rtp_port', 0),
        sources: splitEntries(this.#text('backup.sources')),
        interface: this.#text('backup.interface') || null,
      },
      failover: {
        mode: mode === 'merge' ? 'merge' : 'failover',
        timeout_ms: this.#number('failover.timeout_ms', known.timeout_ms),
        return: this.#text('failover.return') === 'return' ? 'return' : 'stay',
        stable_ms: this.#number('failover.stable_ms', known.stable_ms),
        merge_ms: this.#number('failover.merge_ms', known.merge_ms),
      },
    };
  }

  /** @param {string} name */
  #text(name) {
    return this.control(name).value.trim();
  }

  /**
   * @param {string} name one of RANGES
   * @param {number} known what it is while its field is not on show
   */
  #number(name, known) {
    if (this.control(name).closest('[hidden]')) return known;
    const text = this.#text(name);
    const [from, to] = RANGES[name];
    if (!/^\d{1,8}$/.test(text) || Number(text) < from || Number(text) > to) {
      throw new FieldError(name, `A whole number from ${from} to ${to}.`);
    }
    return Number(text);
  }
}
