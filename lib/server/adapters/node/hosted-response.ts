/** A response that began in a host: it may have set headers on it, listen for more, or hold what is written. */

import { Duplex } from 'node:stream';
import type { Bytes } from '../../../environ/types.js';
import type { ResponseHead } from '../../../interpreter/sink.js';
import { ServerResponse } from '../../../node-http.js';
import { ResponseSink } from '../../http/response-sink.js';
import { inOwnMemory } from '../../threads/shared/blocks.js';

/** Of these, the host's stand beside the application's; of all others the application's replace the host's. */
const SHARED = new Set(['set-cookie', 'vary', 'link']);

/** How a response is framed is for the gateway to say. */
const FRAMING = ['Content-Length', 'Transfer-Encoding'];

/**
 * As `response.writeHead(status, reason, headers)`, by way of `setHeader`: Node's own merge of a flat list keeps only
 * the last of several equal names, and middleware that listens for the head (on-headers 1.0) misreads such a list.
 * @param headers flat: name, value, name, value.
 */
function writeMerged(response: ServerResponse, status: number, reason: string, headers: string[]): void {
  // Only where it is set: Node takes the removal for a wish to have no framing at all.
  for (const name of FRAMING) if (response.hasHeader(name)) response.removeHeader(name);
  const named = new Map<string, { name: string; values: string[] }>();
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i] as string, headers[i + 1] as string];
    const key = name.toLowerCase();
    const before = named.get(key);
    if (before === undefined) named.set(key, { name, values: [...hostValues(response, key), value] });
    else before.values.push(value);
  }
  for (const { name, values } of named.values()) {
    response.setHeader(name, values.length === 1 ? (values[0] as string) : values);
  }
  response.writeHead(status, reason);
}

function isUntouched(response: ServerResponse): boolean {
  return response.writeHead === ServerResponse.prototype.writeHead && response.getHeaderNames().length === 0;
}

function hostValues(response: ServerResponse, key: string): string[] {
  if (!SHARED.has(key)) return [];
  const value = response.getHeader(key);
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [String(value)];
}

/** What compression middleware adds to a response. */
interface Flushable {
  flush?: unknown;
}

export class HostedSink extends ResponseSink {
  /** Of blocks that middleware holds. */
  readonly #onTaken: (() => void)[] = [];
  #watches = false;

  protected override giveHead(head: ResponseHead): void {
    // The host has changed nothing, so the application's headers go out in its order.
    if (isUntouched(this.response)) super.giveHead(head);
    else writeMerged(this.response, head.status, head.reason, head.headers);
  }

  /** Each block goes through, whatever middleware of the host holds the stream (PEP 3333 "Buffering and Streaming"). */
  override relay(bytes: Bytes, taken?: () => void): boolean {
    const { response } = this;
    const { flush } = response as Flushable;
    // A `write` of middleware may leave out the callback, and keep the bytes for longer.
    const isOurs = response.write === ServerResponse.prototype.write;
    const room = isOurs ? super.relay(bytes, taken) : super.relay(Buffer.from(bytes));
    if (typeof flush === 'function') flush.call(response);
    if (isOurs || taken === undefined) return room;
    this.#onTaken.push(taken);
    if (room) this.#taken();
    else if (!this.#watches) {
      this.#watches = true;
      response.on('drain', () => this.#taken());
    }
    return room;
  }

  override end(last?: Bytes): void {
    const isOurs = last === undefined || this.response.end === ServerResponse.prototype.end;
    super.end(isOurs ? last : inOwnMemory(last));
  }

  #taken(): void {
    for (const taken of this.#onTaken.splice(0)) taken();
  }

  /** A response that a test injects (light-my-request) has nothing that could be closed gently. */
  override abort(): void {
    const { socket } = this.response;
    if (socket === null || socket instanceof Duplex) super.abort();
    else this.response.destroy();
  }
}
