/** The options of WebSockets: a part of the table of options. */
import * as kinds from './option-kinds.js';
import { option } from './option-kinds.js';

export const WEBSOCKET_OPTIONS = {
  websocketMaxMessage: option(kinds.bytes(), 16 * 1024 * 1024, {
    flags: ['--websocket-max-message'],
    group: 'WebSocket',
    doc: 'The most bytes in a WebSocket message, else close code 1009; 0 is no limit.',
  }),
  maxBacklog: option(kinds.bytes(1), 16 * 1024 * 1024, {
    flags: ['--max-backlog'],
    group: 'WebSocket',
    doc: 'The most bytes of published messages that wait for a subscriber that reads too slowly; with more, a WebSocket is closed with 1013, and a loop over subscribe() ends with an error.',
  }),
  websocketPingInterval: option(kinds.seconds, 20, {
    flags: ['--websocket-ping-interval'],
    group: 'WebSocket',
    doc: 'Seconds between the pings that find dead peers; 0 sends none.',
  }),
  allowedOrigins: option(kinds.origins, undefined, {
    flags: ['--allowed-origins'],
    group: 'WebSocket',
    doc: 'The origins whose pages may open a WebSocket, separated by commas; any when not given.',
  }),
  perMessageDeflate: option(kinds.flag, true, {
    flags: ['--per-message-deflate'],
    group: 'WebSocket',
    doc: 'Compression of WebSocket messages (RFC 7692); on unless it is turned off.',
  }),
  deflateThreshold: option(kinds.bytes(), 1024, {
    flags: ['--deflate-threshold'],
    group: 'WebSocket',
    doc: 'Messages of fewer bytes are sent uncompressed; without effect where the server keeps its context.',
  }),
  deflateMemLevel: option(kinds.wholeNumber(1, 9), 8, {
    flags: ['--deflate-mem-level'],
    group: 'WebSocket',
    doc: "The memory that compressing a message takes, zlib's memLevel: 1 is the least and slowest.",
  }),
  serverMaxWindowBits: option(kinds.wholeNumber(9, 15), 15, {
    flags: ['--server-max-window-bits'],
    group: 'WebSocket',
    doc: 'The window for compressing messages is 2 to the power of this in bytes; a client that asks for less gets no compression.',
  }),
  serverNoContextTakeover: option(kinds.flag, true, {
    flags: ['--server-no-context-takeover'],
    group: 'WebSocket',
    doc: 'The server compresses each message by itself; turned off, small messages get smaller, and each connection keeps some 200 KiB.',
  }),
  clientNoContextTakeover: option(kinds.flag, true, {
    flags: ['--client-no-context-takeover'],
    group: 'WebSocket',
    doc: 'Clients have to compress each message by itself; turned off, each connection keeps some 45 KiB.',
  }),
  websocketInflateBuffer: option(kinds.bytes(), 64 * 1024 * 1024, {
    flags: ['--websocket-inflate-buffer'],
    group: 'WebSocket',
    doc: 'The most bytes that compressed messages hold in all connections, inflated, until they are received, else close code 1013; 0 is no limit.',
  }),
};
