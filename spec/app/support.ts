/** For specs of the framework: one handler by itself, a WebSocket without a network, the lines of the log. */

import { Response } from '../../lib/app/response.js';
import type { Handler } from '../../lib/app/routes.js';
import type { WebSocket } from '../../lib/environ/websocket/websocket.js';
import { logger } from '../../lib/logger.js';
import { call, type Exchange, environOf } from '../support/call.js';

/** One handler without an application around it. */
export function respond(handler: Handler, keys: Record<string, unknown> = {}): Promise<Exchange> {
  return call(
    (environ, start_response) => new Response(environ, start_response).run(handler),
    environOf(keys),
  );
}

/** `wsgi.websocket` without a network: the spec plays the peer. */
export class FakeSocket {
  opened = false;
  closed = false;
  protocols: string[] = [];
  supportedProtocols: readonly string[] = [];
  protocol = '';
  closeReason: string | undefined;
  error: Error | undefined;
  sent: unknown[] = [];
  #arrived: (string | Buffer | null | Error)[] = [];
  #wake: (() => void) | undefined;

  accept(): void {
    this.opened = true;
  }

  subscribe(): void {
    this.opened = true;
  }

  publish(): void {}

  send(message: string | Buffer): void | Promise<void> {
    this.opened = true;
    this.sent.push(message);
  }

  async receive(): Promise<string | Buffer | null> {
    this.opened = true;
    while (this.#arrived.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const next = this.#arrived.shift() as string | Buffer | null | Error;
    if (next === null) this.closed = true;
    if (next instanceof Error) throw next;
    return next;
  }

  /** A message of the peer; null closes, an Error is thrown by `receive`. */
  arrive(message: string | Buffer | null | Error): void {
    this.#arrived.push(message);
    this.#wake?.();
  }

  /** For environ. */
  get environ(): { 'wsgi.websocket': WebSocket } {
    return { 'wsgi.websocket': this as unknown as WebSocket };
  }

  /** For calls of handlers. */
  get client(): WebSocket {
    return this as unknown as WebSocket;
  }
}

/** Catches the lines of the logger while `work` runs, at `level`. */
export async function logged(level: number, work: () => unknown): Promise<string> {
  const before = { level: logger.level, stream: logger.stream };
  const lines: string[] = [];
  logger.level = level;
  logger.stream = { write: (line: string) => lines.push(line) };
  try {
    await work();
  } finally {
    Object.assign(logger, before);
  }
  return lines.join('');
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
