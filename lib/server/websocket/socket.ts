/** A socket of the package `ws` that tells one object what happens, without listeners. */
import type { Duplex } from 'node:stream';
import type { WebSocket as WsSocket } from 'ws';
import type { LeanDeflate } from './deflate.js';
import { Pongs } from './pongs.js';
import { ws } from './ws.js';

/** What the handshake gives: a socket of the `ws` package, and the stream below it, which can be corked. */
export interface OpenSocket {
  readonly socket: WsgiWebSocket;
  readonly stream: Duplex;
}

/** The connection that a socket belongs to. */
export interface SocketOwner {
  /** A message came. */
  deliver(data: Buffer, isBinary: boolean): void;
  /** The peer broke the protocol, or a limit. */
  fail(error: Error): void;
  /**
   * `ws` is about to answer the peer's close frame, or to close because of a fault of the peer. True holds that back.
   */
  holdClose(code: number | undefined, reason: string | Buffer | undefined): boolean;
  /** The socket is closed. */
  socketClosed(code: number, reason: Buffer): void;
}

/** Looks whether the peer is alive. */
export interface PeerWatch {
  pong(): void;
  closed(): void;
}

/**
 * A socket of `ws` that asks its connection before it answers a close frame, and tells it and its watch what happens without
 * listeners: those take half a kilobyte of each idle socket.
 */
export interface WsgiWebSocket extends WsSocket {
  connection?: SocketOwner;
  watch?: PeerWatch;
  deflate?: LeanDeflate;
}

let socketClass: typeof WsSocket | undefined;

/** The class of these sockets, for the server of `ws`. */
export function webSocketClass(): typeof WsSocket {
  socketClass ??= class extends ws().WebSocket implements WsgiWebSocket {
    declare connection?: SocketOwner;
    declare watch?: PeerWatch;
    declare deflate?: LeanDeflate;
    /** With the first ping. */
    declare pongs?: Pongs;

    override emit(event: string | symbol, first?: unknown, second?: unknown): boolean {
      const { connection } = this;
      if (event === 'message' && connection !== undefined) {
        // A Buffer, for `binaryType` is left as it is. Its memory is the chunk that the kernel filled, never filled again.
        connection.deliver(first as Buffer, second as boolean);
        return true;
      }
      if (event === 'error' && connection !== undefined) {
        connection.fail(first as Error);
        return true;
      }
      if (event === 'ping') {
        this.pongs ??= new Pongs(this);
        this.pongs.answer(first as Buffer);
      } else if (event === 'pong') this.watch?.pong();
      else if (event === 'close') {
        connection?.socketClosed(first as number, second as Buffer);
        this.watch?.closed();
      }
      return super.emit(event, first, second);
    }

    override close(code?: number, reason?: string | Buffer): void {
      // `ws` has no code for an error that is not its own.
      const cause = code ?? this.deflate?.faultCode;
      if (!this.connection?.holdClose(cause, reason)) super.close(cause, reason);
    }
  };
  return socketClass;
}
