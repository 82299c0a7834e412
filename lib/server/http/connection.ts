/** One client connection: its facts for environ, the order of its requests, and how it is closed. */

import type { Socket } from 'node:net';
import type { ConnectionFacts } from '../../environ/environ.js';
import { ignore } from '../../environ/maybe-promise.js';
import { plainAddress } from '../../environ/syntax.js';
import { ClientDisconnected, type RequestError } from '../../errors.js';
import { errorResponse } from '../../interpreter/error-response.js';
import type { Placed } from '../../placed.js';
import type { Counters } from '../status/counters.js';
import { LINGER_SILENCE_MS, linger } from './linger.js';
import { belowTls, restore, silence, withoutParser } from './node-internals.js';
import { peerOf } from './peer.js';

/** A request that came while another one of its connection is being answered. */
export type Turn = () => void;

/** As many requests may wait for their turn before the connection is read no further. */
const MAX_WAITING = 16;

/** The request that is being answered, as its connection knows it. */
export interface CurrentRequest {
  /** The client has left. */
  disconnected(error: ClientDisconnected): void;
  /** The client sends no more, and may have left; it still gets its response if it has not. */
  halfClosed(error: ClientDisconnected): void;
  /** The client has taken what was sent. */
  drained(): void;
  /** What the client sent for this request cannot be read to its end. */
  bodyFailed(error: RequestError): void;
  /** Neither side has sent a byte for as long as `timeout` allows. */
  silent(): void;
  /** All of the request has come. */
  readonly received: boolean;
}

/** What a connection has to know of its server. */
export interface ConnectionOwner {
  /** It takes no new requests. */
  readonly stopping: boolean;
  /** Value of the Server header; `''` for none. */
  readonly ident: string;
  readonly counters?: Counters | undefined;
  /** While it stops, and another process serves on: gives an idle connection to that one. */
  readonly handOver?: HandOver | undefined;
  /**
   * Until then, as `performance.now` has it, connections that cannot be given away wait for one more request: the client does
   * not know that the last answer was the last. A moment later idle ones are ended.
   */
  readonly chanceUntil: number;
  /** Called once, when it is closed. */
  closed(connection: Connection): void;
}

/** @returns true if the connection goes on, there or here. */
export type HandOver = (socket: WsgiSocket) => boolean;

export const kConnection = Symbol('wsgi connection');

/** The server of a socket tells its connection that it is closed: a third listener would take 176 bytes of each socket. */
export const kTellsClose = Symbol('wsgi tells close');

export interface WsgiSocket extends Socket {
  [kConnection]?: Connection;
  [kTellsClose]?: boolean;
  encrypted?: boolean;
}

/** No request waits. Never added to. */
const NOBODY: Turn[] = [];

/**
 * Pipelined requests are answered one at a time: the application is not called for the next before the response to the
 * last is complete and its iterable closed (`node:http` would call it at once).
 */
export class Connection implements ConnectionFacts {
  readonly socket: WsgiSocket;
  readonly scheme: 'http' | 'https';
  readonly remoteAddr: string;
  readonly remotePort: string | undefined;
  readonly serverName: string;
  readonly serverPort: string;
  readonly variables: ConnectionFacts['variables'];
  /** The request that is being answered. */
  current: CurrentRequest | undefined;
  /** What came after it was not a request: it is answered in its turn, and then the connection ends. */
  malformed: RequestError | undefined;
  /** The last request whose response was complete before its body had come. */
  unread: { readonly complete: boolean } | undefined;
  /** It is being closed: what still comes from the client is thrown away. */
  ending = false;
  /** The head of a request with an Upgrade that is served as an ordinary one: its headers as they were sent. */
  upgradeHeaders: string[] | undefined;
  /** Another process had it before: the client has had answers on it. */
  moved = false;
  /** The socket is read no further until those that wait are answered. */
  held = false;
  /** What the watches saw of it. */
  silence: Placed | undefined;
  rest: Placed | undefined;
  #waiting = NOBODY;
  readonly #owner: ConnectionOwner;

  /** @param serverName SERVER_NAME; undefined: the address that the client reached. */
  constructor(socket: WsgiSocket, serverName: string | undefined, owner: ConnectionOwner) {
    this.socket = socket;
    this.#owner = owner;
    this.scheme = socket.encrypted === true ? 'https' : 'http';
    const { localAddress, localPort } = socket;
    const { remoteAddress, remotePort, variables } = peerOf(socket, belowTls(socket));
    this.remoteAddr = plainAddress(remoteAddress ?? '');
    this.remotePort = remotePort === undefined ? undefined : String(remotePort);
    this.variables = variables;
    this.serverName =
      serverName ?? (localAddress === undefined ? 'localhost' : hostLiteral(plainAddress(localAddress)));
    // A Unix socket has no port; PEP 3333 wants one, so that of the scheme.
    this.serverPort = portText(localPort ?? (this.scheme === 'https' ? 443 : 80));
    socket[kConnection] = this;
    if (socket[kTellsClose] !== true) socket.on('close', socketOnClose);
    // Between two owners (parser, WebSocket) a socket has no other listener; `close` says what it means.
    socket.on('error', ignore);
    socket.on('end', socketOnEnd);
    socket.on('drain', socketOnDrain);
    if (this.scheme === 'https') readThroughStream(socket);
  }

  /** Runs a request now, or when those before it are answered. */
  enter(turn: Turn): void {
    // After a response that closes the connection, nothing is answered (RFC 9112 section 9.6).
    // The socket of a request that a test injects (light-my-request) does not say.
    if (this.socket.writable === false || this.malformed !== undefined) return;
    if (this.current === undefined && this.#waiting.length === 0) turn();
    else {
      if (this.#waiting === NOBODY) this.#waiting = [];
      this.#waiting.push(turn);
      if (this.#waiting.length > MAX_WAITING && !this.held) this.#hold();
    }
  }

  /**
   * The current request is over.
   * @param received all of it has come.
   */
  leave(message: { readonly complete: boolean }, received: boolean): void {
    this.current = undefined;
    if (!received) {
      this.unread = message;
      if (this.malformed !== undefined) this.linger();
    }
    // Node gives the socket to the next response only after it has taken it from this one.
    if (this.#waiting.length > 0) process.nextTick(() => this.#next());
    else if (this.#owner.stopping || this.malformed !== undefined) process.nextTick(() => this.#end());
  }

  /** What the client sent is not a request: answered in its turn. */
  refuse(fault: RequestError): void {
    const { current } = this;
    this.malformed = fault;
    if (current === undefined) {
      // The fault is in the rest of a body whose request was answered.
      if (this.unread?.complete === false) this.linger();
      else this.answer(fault);
    } else if (!current.received) current.bodyFailed(fault);
  }

  /** After a fault everything is one, and what we do not read cannot come in time. */
  get refused(): boolean {
    return this.malformed !== undefined || this.ending;
  }

  /** Answers what never became a request, and ends the connection. */
  answer(fault: RequestError): void {
    const { head, body } = errorResponse(fault, false);
    const { ident, counters } = this.#owner;
    if (counters !== undefined) counters.refused++;
    const headers = [...head.headers, 'Date', new Date().toUTCString(), 'Connection', 'close'];
    if (ident !== '') headers.push('Server', ident);
    let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n`;
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    this.socket.write(`${text}\r\n${body.toString('latin1')}`, 'latin1');
    this.linger();
  }

  #end(): void {
    if (!this.idle || !this.socket.writable) return;
    if (this.malformed !== undefined) this.answer(this.malformed);
    // What is left of the body goes with the connection: its response said so.
    else if (this.unread?.complete === false) this.linger();
    else if (!this.#owner.handOver?.(this.socket) && performance.now() >= this.#owner.chanceUntil) {
      this.linger();
    }
  }

  #next(): void {
    if (!this.socket.writable) this.#waiting = NOBODY;
    const next = this.#waiting.shift();
    if (this.#waiting.length === 0) {
      this.#waiting = NOBODY;
      this.release();
    }
    next?.();
  }

  /** `pause()` alone is not enough: Node resumes the socket after each message that is complete. */
  #hold(): void {
    this.held = true;
    this.socket.pause();
    silence(this.socket, 'resume');
  }

  release(): void {
    if (!this.held) return;
    this.held = false;
    restore(this.socket, 'resume');
    // Without a listener what comes would be lost; code that adds one resumes the socket.
    if (this.socket.listenerCount('data') > 0) this.socket.resume();
  }

  /** Requests came that are not begun. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get idle(): boolean {
    return this.current === undefined && this.#waiting.length === 0;
  }

  /** Ends the connection so that the client can still read what was sent (RFC 9112 section 9.6). */
  linger(): void {
    this.#waiting = NOBODY;
    lingeringClose.call(this.socket);
  }

  /** Another protocol is to go on with the socket. What is left to tell of it is its close. */
  upgrading(): void {
    const { socket } = this;
    socket.removeListener('end', socketOnEnd);
    socket.removeListener('drain', socketOnDrain);
  }

  /** The other protocol has listeners of its own. */
  upgraded(): void {
    this.socket.removeListener('error', ignore);
  }

  /** @internal */
  closed(): void {
    this.#owner.closed(this);
    this.onClose();
  }

  /** @internal */
  onClose(): void {
    this.#waiting = NOBODY;
    this.current?.disconnected(new ClientDisconnected());
  }

  /** @internal */
  onEnd(): void {
    this.current?.halfClosed(new ClientDisconnected());
  }
}

/**
 * Node's parser reads a connection past its stream until there is a listener for that. Over TLS it must not: when pipelined
 * requests come faster than their responses are taken, Node pauses the parser, but the records that are decrypted
 * already go on to it, and end in a parse error ("HPE_PAUSED"). The stream holds them back.
 */
function readThroughStream(socket: WsgiSocket): void {
  // Node has let go of it, for an upgrade: a listener would set it flowing, and what is put back would flow past its next reader.
  if (socket.readableFlowing === null) return;
  socket.on('data', ignore);
  socket.removeListener('data', ignore);
}

/** In place of `destroySoon`, which would reset the connection while the client is still sending. */
export function lingeringClose(this: WsgiSocket): void {
  const connection = this[kConnection];
  if (this.destroyed || connection?.ending) return;
  if (connection !== undefined) connection.ending = true;
  if (this.writable) this.end();
  // Node loses errors of writes over TLS (a reset right after the handshake), and there is no `finish` then.
  if (this.readableEnded) giveUpSoon(this);
  else this.once('end', () => giveUpSoon(this));
  connection?.release();
  withoutParser(this);
  linger(this);
}

/** For a response that ends with its connection: an orderly end would look like its own. */
export function reset(socket: WsgiSocket): void {
  try {
    // Over TLS it is the connection underneath that can be reset.
    (belowTls(socket) ?? socket).resetAndDestroy();
  } catch {
    // Only TCP can be reset.
  }
  socket.destroy();
}

/** The client has left, and may never take what remains; while that is an answer, `timeout` bounds it. */
function giveUpSoon(socket: WsgiSocket): void {
  const timer = setTimeout(() => {
    if (socket[kConnection]?.current === undefined) socket.destroy();
  }, LINGER_SILENCE_MS);
  socket.once('close', () => clearTimeout(timer));
}

let lastPort = 0;
let lastText = '';

/** One text for all connections of a port. */
function portText(port: number): string {
  if (port !== lastPort) lastText = String(port);
  lastPort = port;
  return lastText;
}

/** An address as it stands in a URL: IPv6 in brackets (RFC 3875 section 4.1.14). */
export function hostLiteral(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}

/** A listener of sockets, one for all of them. */
export function onSocket(call: (socket: WsgiSocket) => void): (this: WsgiSocket) => void {
  return function () {
    call(this);
  };
}

function socketOnClose(this: WsgiSocket): void {
  this[kConnection]?.closed();
}

function socketOnEnd(this: WsgiSocket): void {
  this[kConnection]?.onEnd();
}

function socketOnDrain(this: WsgiSocket): void {
  this[kConnection]?.current?.drained();
}
