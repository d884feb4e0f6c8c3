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
 * @property {string | null} [note] what does not go out although all is well
 * @property {string | null} [warning] what is worth a second look although all is well
 * @property {string | null} [stream_key] of RTMP, *** when it is given apart from the URL; so are the next four
 * @property {string} [audio] a number, a language, or both: eng:1
 * @property {'enhanced' | 'legacy'} [hevc]
 * @property {'off' | 'oncuepoint_scte35' | 'oncuepoint' | 'onadcue' | 'youtube'} [cues]
 * @property {number} [backlog_ms]
 * @property {'on' | 'off'} [tls_verify] of RTMPS, as the next one
 * @property {string | null} [tls_ca] null: the system's authorities
 * @property {number} retry_in_ms 0 when no try is due
 * @property {number} reconnects
 * @property {string | null} connected_at ISO 8601
 * @property {string | null} [stats_since] ISO 8601: when the counters were reset; null: never
 * @property {number} [reader_count] of a listener
 * @property {Reader[]} [readers] of a listener, when asked for by itself
 * @property {Stats} stats
 *
 * @typedef {object} Reader one who reads from a listener
 * @property {number} id
 * @property {string | null} address with its port
 * @property {string | null} stream_id
 * @property {string | null} connected_at ISO 8601
 * @property {Stats} stats since then
 *
 * @typedef {object} Sample a second of an output
 * @property {string} at ISO 8601
 * @property {number} msRTT
 * @property {number} msSndBuf
 * @property {number} pktRetrans in this second
 * @property {number} pktSndLoss in this second
 * @property {number} bitrate_bps
 *
 * @typedef {object} OutputDetails what is asked for while an output is looked at
 * @property {Output} output
 * @property {{now?: string, samples: Sample[]}} history oldest first; now: the server's clock
 *
 * @typedef {object} Backup the second input of a channel
 * @property {string} rtp_ip
 * @property {number} rtp_port
 * @property {string[]} sources
 * @property {string | null} interface
 *
 * @typedef {object} Failover what is done with the second input
 * @property {'failover' | 'merge'} mode
 * @property {number} timeout_ms
 * @property {'stay' | 'return'} return
 * @property {number} stable_ms
 * @property {number} merge_ms
 *
 * @typedef {object} Input
 * @property {'primary' | 'backup'} name
 * @property {string} address with its port
 * @property {ChannelState} state
 * @property {boolean} active
 * @property {Stats} stats
 *
 * @typedef {object} Channel what is optional, older servers do not send
 * @property {string} id
 * @property {string} name
 * @property {string} rtp_ip
 * @property {number} rtp_port
 * @property {number} [reorder_ms]
 * @property {'off' | 'auto'} [fec]
 * @property {number} [program] of RTMP outputs; 0: the first
 * @property {string[]} [sources] addresses and prefixes; empty: anybody
 * @property {number} [max_pps] 0: no ceiling
 * @property {string | null} [interface] null: every one
 * @property {Backup | null} [backup]
 * @property {Failover} [failover]
 * @property {Input[]} [inputs]
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
 * @typedef {object} SystemInterface how one interface takes packets in
 * @property {string} name
 * @property {boolean} present
 * @property {boolean} up
 * @property {number} [mtu]
 * @property {number | null} [speed_mbps]
 * @property {string | null} [driver]
 * @property {string} mode
 * @property {string} reason
 * @property {{mode: string, reason: string, fix: string | null}[]} [steps] better modes that were tried, and why not
 * @property {{severity: string, sentence: string, command: string | null}[]} [preflight]
 * @property {(Record<string, number | string> & {queue: number, mode: string})[]} [queues]
 * @property {Stats | null} [verdicts] what became of the frames
 * @property {Stats} [link] the interface's own counters
 *
 * @typedef {object} System
 * @property {string} version
 * @property {string} kernel
 * @property {string} [architecture]
 * @property {number} [cpus]
 * @property {string[]} [capabilities]
 * @property {{limit_bytes: number | null, umem_bytes: number}} [memlock]
 * @property {{mode: string, zero_copy: boolean, fill_ring: number}} [ingest]
 * @property {SystemInterface[]} interfaces
 *
 * @typedef {object} ServerEvent something that happened
 * @property {number} id from 1, without gaps
 * @property {string} time ISO 8601
 * @property {string} type
 * @property {string} subject a channel's id, an interface's name, or empty
 * @property {string} text
 *
 * @typedef {object} Connection the link to the server
 * @property {'connecting' | 'live' | 'lost' | 'locked'} state locked: the server asks for a token
 * @property {number} retryAt when the next try is due, on the clock of performance.now(); 0 when none is
 */

export {};
