/** The `IncomingMessage` of our own servers: it knows how its body is framed without building `headers`. */
import { IncomingMessage } from 'node:http';

/** The headers that the gateway itself acts on. What was sent twice is as Node has it: joined, or the first. */
export interface FramingFields {
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
  readonly expect: string | undefined;
}

/** @param message of any server. */
export function framingOf(message: IncomingMessage): FramingFields {
  if (message instanceof WsgiRequest) return message.framing;
  const { 'content-length': contentLength, 'transfer-encoding': transferEncoding, expect } = message.headers;
  return { contentLength, transferEncoding, expect };
}

/**
 * Node asks each request for `headers.expect` alone, and builds all of `headers` for that; environ is made of
 * `rawHeaders`, so nobody else needs them (bench: a tenth of a small request). The first who asks gets a view that
 * builds them when it is asked for anything else, and later ones the object itself.
 */
export class WsgiRequest extends IncomingMessage {
  /** `headers` was asked for. */
  asked = false;
  /** The packet in which it ended was seen. */
  ended = false;
  #framing: FramingFields | undefined = undefined;

  get framing(): FramingFields {
    this.#framing ??= framingIn(this.rawHeaders);
    return this.#framing;
  }
}

function framingIn(rawHeaders: readonly string[]): FramingFields {
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let expect: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1];
    // Most names differ in length already.
    switch (name.length) {
      case 6:
        if (name.toLowerCase() === 'expect') expect = joined(expect, value);
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') contentLength ??= value;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') transferEncoding = joined(transferEncoding, value);
        break;
    }
  }
  return { contentLength, transferEncoding, expect };
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
    name === 'expect' ? request.framing.expect : Reflect.get(request.headers, name),
  set: ({ request }, name, value) => Reflect.set(request.headers, name, value),
  has: ({ request }, name) => Reflect.has(request.headers, name),
  deleteProperty: ({ request }, name) => Reflect.deleteProperty(request.headers, name),
  defineProperty: ({ request }, name, descriptor) =>
    Reflect.defineProperty(request.headers, name, descriptor),
  ownKeys: ({ request }) => Reflect.ownKeys(request.headers),
  getOwnPropertyDescriptor: ({ request }, name) => Reflect.getOwnPropertyDescriptor(request.headers, name),
};
