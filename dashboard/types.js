// @ts-check
/**
 * The shapes that the server sends, as JSDoc types. Nothing here exists at run time, and no module
 * loads this file: they refer to it in type comments only.
 *
 * @typedef {'stopped' | 'waiting' | 'receiving' | 'no_signal' | 'error'} ChannelState
 * @typedef {'stopped' | 'connecting' | 'connected' | 'retrying' | 'error'} OutputState
 *
 * @typedef {Record<string, number>} Stats counters by the names of the server's counter tables
 *
 * @typedef {object} Output
 * @property {string} id
 * @property {string} name
 * @property {string} url secrets are shown as ***
 * @property {boolean} enabled
 * @property {OutputState} state
 * @property {string | null} last_error
 * @property {number} retry_in_ms 0 when no try is due
 * @property {number} reconnects
 * @property {string | null} connected_at ISO 8601
 * @property {Stats} stats
 *
 * @typedef {object} Channel
 * @property {string} id
 * @property {string} name
 * @property {string} rtp_ip
 * @property {number} rtp_port
 * @property {boolean} autostart
 * @property {string} created_at ISO 8601
 * @property {'running' | 'stopped'} desired
 * @property {ChannelState} state
 * @property {string | null} last_error
 * @property {Stats} stats
 * @property {Output[]} outputs
 *
 * @typedef {object} Interface
 * @property {string} name
 * @property {string} mode xdp, xdp-generic or udp
 * @property {number} queues
 * @property {string} reason why not a better mode, or empty
 * @property {number} rx_dropped
 * @property {number} rx_ring_full
 *
 * @typedef {object} Health
 * @property {string} status
 * @property {string} version
 * @property {number} uptime_s
 * @property {number} channels
 * @property {number} channels_running
 * @property {number} outputs
 * @property {number} outputs_connected
 * @property {Interface[]} interfaces
 *
 * @typedef {object} Connection the link to the server
 * @property {'connecting' | 'live' | 'lost'} state
 * @property {number} retryAt when the next try is due, on the clock of performance.now(); 0 when none is
 */

export {};
