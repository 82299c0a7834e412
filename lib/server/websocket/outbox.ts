/** What goes out on an open WebSocket: one write for each turn of the event loop, and a promise while the peer reads too slowly. */

import type { Duplex } from 'node:stream';
import type { WebSocket as WsSocket } from 'ws';
import { ignore } from '../../environ/maybe-promise.js';
import type { Bytes } from '../../environ/types.js';
import { closedError, SOCKET_DEAD } from '../../environ/websocket/error.js';
import { costOfMessage, Publication, type SlowMember, topics } from '../../topics.js';

/** A peer reads too slowly when more bytes than this wait to be written to it. */
const HIGH_WATER_MARK = 64 * 1024;

/**
 * Published messages that `ws` has at once, to compress each with what the connection sent before: more would pile up in its
 * queue, where each takes some 400 bytes beside its own.
 */
const MOST_UNDERWAY = 32;

/** The options of `ws`, one object for each kind of frame. */
const TEXT = { binary: false, compress: false };
const TEXT_COMPRESSED = { binary: false, compress: true };
const BINARY = { binary: true, compress: false };
const BINARY_COMPRESSED = { binary: true, compress: true };

/** Of the turn of the event loop in which something was published. */
let turn = 0;
let turnEnds = false;

export class Outbox implements SlowMember {
  readonly #socket: WsSocket;
  readonly #stream: Duplex;
  readonly #compresses: boolean;
  /**
   * Published messages that wait for the peer to read what came before, or until that is compressed: frames that all sockets
   * share, and after them messages that go through `ws`.
   */
  #held: (Buffer | Publication)[] | undefined;
  #heldCost = 0;
  #compressHeld = false;
  /** Published messages that `ws` has, and has not written. */
  #underway = 0;
  /** The last turn in which something was published to it. */
  #publishedIn = -1;
  #corked = false;
  /** Something was sent since the application last asked for a message. */
  #again = false;
  /** What calls of `send` wait for while the peer reads too slowly. */
  #drained: Promise<void> | undefined;
  /** While something is held: an idle socket has none. */
  #drainer: (() => void) | undefined;
  #settle: ((error?: Error) => void) | undefined;
  #written: ((error?: Error | null) => void) | undefined;
  #sent: ((error?: Error | null) => void) | undefined;

  /** @param compresses messages may wait to be compressed. */
  constructor(socket: WsSocket, stream: Duplex, compresses = false) {
    this.#socket = socket;
    this.#compresses = compresses;
    this.#stream = stream;
  }

  /** @param more more messages are likely in this turn. */
  send(message: string | Bytes, binary: boolean, compress: boolean, more: boolean): void | Promise<void> {
    const socket = this.#socket;
    if (this.#held !== undefined) this.release();
    // Node writes a head and a text in a slower way than two buffers (bench: websocket).
    const bytes = typeof message === 'string' ? Buffer.from(message) : message;
    const options = optionsOf(binary, compress);
    // A lone answer is written at once; from the second message on, those of a turn are one write (bench: websocket).
    if (more || this.#again) this.#cork();
    this.#again = true;
    if (socket.bufferedAmount + bytes.length <= HIGH_WATER_MARK) {
      socket.send(bytes, options);
      return;
    }
    socket.send(bytes, options, this.#onWrite());
    return this.#afterWrite();
  }

  /**
   * Sends a published message.
   * @param frame as it goes to the peer; undefined if it has to be compressed for this one.
   * @param compress also where something else is compressed at the moment, and goes first.
   * @param most bytes that may wait for the peer.
   * @returns false if more wait: it is dropped, and all that was held.
   */
  publish(frame: Buffer | undefined, publication: Publication, compress: boolean, most: number): boolean {
    const stream = this.#stream;
    const { writableLength } = stream;
    const unsent = this.#compresses ? this.#socket.bufferedAmount : writableLength;
    // While something is being compressed, `ws` keeps the order.
    const isFrame = frame !== undefined && unsent === writableLength;
    const isFull = this.#underway >= MOST_UNDERWAY || unsent > HIGH_WATER_MARK;
    // What is under way tells us when it is written.
    const waits = !isFrame && this.#underway > 0 && isFull;
    if (this.#held !== undefined || writableLength > HIGH_WATER_MARK || waits) {
      this.#compressHeld = compress;
      return this.#hold(isFrame ? frame : undefined, publication, unsent, most);
    }
    if (!isFrame) {
      if (unsent > most) return false;
      this.#compress(publication, compress);
      return true;
    }
    // As in send(): the first is written at once, the others of a turn are one write.
    if (this.#publishedIn === turn) this.#cork();
    this.#publishedIn = turn;
    if (!turnEnds) {
      turnEnds = true;
      setImmediate(nextTurn);
    }
    stream.write(frame);
    return true;
  }

  get #drainListener(): () => void {
    this.#drainer ??= () => this.#onDrain();
    return this.#drainer;
  }

  #hold(frame: Buffer | undefined, publication: Publication, unsent: number, most: number): boolean {
    if (this.#heldCost + unsent + this.#underway * costOfMessage(0) > most) {
      this.#drop();
      return false;
    }
    if (this.#held === undefined) {
      this.#held = [];
      topics.behind.add(this);
      if (this.#underway === 0) this.#stream.once('drain', this.#drainListener);
      // Only a write tells whether the peer can take it.
      if (this.#corked) this.uncork();
    }
    const message = frame === undefined || this.#held.at(-1) instanceof Publication ? publication : frame;
    this.#held.push(message);
    this.#heldCost += costOf(message);
    return true;
  }

  #onDrain(): void {
    const stream = this.#stream;
    const held = this.#held ?? [];
    let sent = 0;
    stream.cork();
    while (sent < held.length && this.#hasRoom) {
      const message = held[sent++] as Buffer | Publication;
      this.#heldCost -= costOf(message);
      this.#give(message);
    }
    stream.uncork();
    held.splice(0, sent);
    if (held.length === 0) this.#drop();
    // What `ws` has calls this again.
    else if (this.#underway > 0) return;
    else if (stream.writableNeedDrain) stream.once('drain', this.#drainListener);
    else setImmediate(this.#drainListener);
  }

  get #hasRoom(): boolean {
    if (this.#underway === 0) return this.#stream.writableLength <= HIGH_WATER_MARK;
    return this.#underway < MOST_UNDERWAY && this.#socket.bufferedAmount <= HIGH_WATER_MARK;
  }

  /** Something published is being compressed. */
  get working(): boolean {
    return this.#underway > 0 && this.#socket.bufferedAmount !== this.#stream.writableLength;
  }

  #give(message: Buffer | Publication): void {
    if (message instanceof Uint8Array) this.#stream.write(message);
    else this.#compress(message, this.#compressHeld);
  }

  #compress({ bytes, isText }: Publication, compress: boolean): void {
    this.#underway++;
    this.#sent ??= (error) => this.#onsent(error);
    this.#socket.send(bytes, optionsOf(!isText, compress), this.#sent);
  }

  #onsent(error: Error | null | undefined): void {
    this.#underway--;
    if (error || this.#stream.destroyed) this.end();
    else if (this.#held !== undefined && this.#underway <= MOST_UNDERWAY / 2) this.#onDrain();
  }

  /** Sends all that is held, before something else. */
  release(): void {
    const held = this.#held ?? [];
    this.#drop();
    this.#stream.cork();
    for (const message of held) this.#give(message);
    this.#stream.uncork();
  }

  #drop(): void {
    if (this.#held === undefined) return;
    topics.behind.delete(this);
    this.#held = undefined;
    this.#heldCost = 0;
    this.#stream.removeListener('drain', this.#drainListener);
    this.#drainer = undefined;
  }

  /** @param data as many bytes as a control frame holds. */
  ping(data: Bytes): void | Promise<void> {
    this.#socket.ping(data, false, this.#onWrite());
    return this.#afterWrite();
  }

  #onWrite(): (error?: Error | null) => void {
    this.#written ??= (error) => this.#onwritten(error);
    return this.#written;
  }

  /** @returns a promise while the peer reads too slowly. */
  #afterWrite(): void | Promise<void> {
    const socket = this.#socket;
    if (socket.bufferedAmount <= HIGH_WATER_MARK) return;
    if (this.#corked) {
      // Only a write tells whether the peer can take it.
      this.#stream.uncork();
      this.#stream.cork();
    }
    if (socket.bufferedAmount <= HIGH_WATER_MARK) return;
    this.#drained ??= this.#untilDrained();
    return this.#drained;
  }

  /** The application asked for a message: what it sends next answers that. */
  turn(): void {
    this.#again = false;
  }

  uncork(): void {
    this.#corked = false;
    this.#stream.uncork();
  }

  /** The socket is closed. */
  end(): void {
    this.#drop();
    if (this.#drained !== undefined) this.#stopWaiting(closedError(SOCKET_DEAD));
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    if (corked.push(this) === 1) setImmediate(uncorkAll);
  }

  #onwritten(error: Error | null | undefined): void {
    // Node reports no error for a write that was under way when the stream was destroyed.
    if (error || this.#stream.destroyed) this.end();
    else if (this.#socket.bufferedAmount <= HIGH_WATER_MARK) this.#stopWaiting();
  }

  #untilDrained(): Promise<void> {
    const drained = new Promise<void>((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    // An application need not await what `send` returns; its next call throws anyway.
    drained.catch(ignore);
    return drained;
  }

  #stopWaiting(error?: Error): void {
    this.#settle?.(error);
    this.#settle = undefined;
    this.#drained = undefined;
  }
}

function optionsOf(binary: boolean, compress: boolean) {
  if (binary) return compress ? BINARY_COMPRESSED : BINARY;
  return compress ? TEXT_COMPRESSED : TEXT;
}

function costOf(message: Buffer | Publication): number {
  return costOfMessage(message instanceof Uint8Array ? message.length : message.bytes.length);
}

function nextTurn(): void {
  turnEnds = false;
  turn++;
}

/** All that were corked in this turn of the event loop. */
const corked: Outbox[] = [];

function uncorkAll(): void {
  for (let i = 0; i < corked.length; i++) corked[i]?.uncork();
  corked.length = 0;
}
