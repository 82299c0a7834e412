/** The `IncomingMessage` of our own servers: it knows how its body is framed without building `headers`. */
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** The headers that the gateway itself acts on. What was sent twice is joined with `, `, as Node does. */
export interface FramingFields {
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
  readonly expect: string | undefined;
}

/** @param message of any server. */
export function framingOf(message: IncomingMessage): FramingFields {
  if (message instanceof WsgiRequest) return message.framing();
  const { 'content-length': contentLength, 'transfer-encoding': transferEncoding, expect } = message.headers;
  return { contentLength, transferEncoding, expect };
}

/**
 * Node asks each request for `headers.expect` alone, and builds all of `headers` for that; environ is made of
 * `rawHeaders`, so nobody else needs them (bench: a tenth of a small request). The first who asks gets a view that
 * builds them when it is asked for anything else, and later ones the object itself.
 */
export class WsgiRequest extends IncomingMessage implements FramingFields {
  declare contentLength: string | undefined;
  declare transferEncoding: string | undefined;
  declare expect: string | undefined;
  /** `headers` was asked for. */
  declare asked: boolean;
  declare scanned: boolean;

  constructor(socket: Socket) {
    super(socket);
    this.contentLength = undefined;
    this.transferEncoding = undefined;
    this.expect = undefined;
    this.asked = false;
    this.scanned = false;
  }

  framing(): FramingFields {
    if (!this.scanned) this.#scan();
    return this;
  }

  #scan(): void {
    this.scanned = true;
    const { rawHeaders } = this;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] as string;
      // Most names differ in length already.
      switch (name.length) {
        case 6:
          if (name.toLowerCase() === 'expect') this.expect = joined(this.expect, rawHeaders[i + 1]);
          break;
        case 14:
          if (name.toLowerCase() === 'content-length') this.contentLength ??= rawHeaders[i + 1];
          break;
        case 17:
          if (name.toLowerCase() === 'transfer-encoding') {
            this.transferEncoding = joined(this.transferEncoding, rawHeaders[i + 1]);
          }
          break;
      }
    }
  }
}

function joined(before: string | undefined, value: string | undefined): string | undefined {
  return before === undefined ? value : `${before}, ${value}`;
}

type Headers = IncomingMessage['headers'];

interface View {
  readonly request: WsgiRequest;
}

const all = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers');

/** A Node that does it in another way builds `headers` as ever. */
if (all?.get !== undefined) {
  const build = all.get as (this: WsgiRequest) => Headers;
  Object.defineProperty(WsgiRequest.prototype, 'headers', {
    ...all,
    get(this: WsgiRequest): Headers {
      if (this.asked) return build.call(this);
      this.asked = true;
      return new Proxy<View>({ request: this }, view) as unknown as Headers;
    },
  });
}

/** Passes all on to the real `headers`, but for the one question that they need not be built for. */
const view: ProxyHandler<View> = {
  get: ({ request }, name) =>
    name === 'expect' ? request.framing().expect : Reflect.get(request.headers, name),
  set: ({ request }, name, value) => Reflect.set(request.headers, name, value),
  has: ({ request }, name) => Reflect.has(request.headers, name),
  deleteProperty: ({ request }, name) => Reflect.deleteProperty(request.headers, name),
  defineProperty: ({ request }, name, descriptor) =>
    Reflect.defineProperty(request.headers, name, descriptor),
  ownKeys: ({ request }) => Reflect.ownKeys(request.headers),
  getOwnPropertyDescriptor: ({ request }, name) => Reflect.getOwnPropertyDescriptor(request.headers, name),
};
