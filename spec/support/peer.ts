/** The client of specs that sends bytes when it is told to, or as one exchange, and waits for what comes back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { bytes, type RawResponse, type Reply } from '../../lib/conformance/responses.js';
import { completeIn, Wire } from '../../lib/conformance/wire.js';

export { bytes, parseResponses, type RawResponse, type Reply } from '../../lib/conformance/responses.js';

/** Seconds. */
const PATIENCE = 30;

export interface PeerOptions {
  readonly host?: string;
  /** Takes certificates from anybody. */
  readonly tls?: boolean;
  /** Does not read until `resume()`. */
  readonly paused?: boolean;
}

const open = new Set<Peer>();

/** For `afterEach`. */
export function closePeers(): void {
  for (const peer of open) peer.destroy();
  open.clear();
}

/** What others sent to a server before this call has come: a whole request after it was answered. */
export async function roundTrip(place: number | string, options: PeerOptions = {}): Promise<void> {
  const peer = await Peer.connect(place, options);
  await peer.send(request());
  await peer.response();
  peer.destroy();
}

export class Peer extends Wire {
  constructor(socket: Socket) {
    super(socket, PATIENCE);
    open.add(this);
  }

  /** @param place a port, or the path of a Unix socket. */
  static async connect(place: number | string, options: PeerOptions = {}): Promise<Peer> {
    const { host = '127.0.0.1', tls = false, paused = false } = options;
    const where = typeof place === 'number' ? { port: place, host } : { path: place };
    const all = { ...where, allowHalfOpen: true };
    const socket = tls ? connectTls({ ...all, rejectUnauthorized: false }) : connect(all);
    if (!tls) socket.setNoDelay(true);
    const peer = new Peer(socket);
    if (paused) socket.pause();
    await once(socket, tls ? 'secureConnect' : 'connect');
    return peer;
  }

  /** Each in a segment of its own. */
  async sendApart(parts: readonly (string | Buffer)[]): Promise<void> {
    for (const part of parts) {
      await this.send(part);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Waits for as many final responses; gives all that are there. */
  override async responses(count: number, methods: string[] = []): Promise<RawResponse[]> {
    await this.until(() => completeIn(this.replyTo(methods)) >= count, `${count} responses`);
    return this.replyTo(methods).responses;
  }

  override async response(method = 'GET'): Promise<RawResponse> {
    return (await this.responses(1, [method]))[0] as RawResponse;
  }
}

/** A request as text. */
export function request(target = '/', { method = 'GET', headers = [] as string[], body = '' } = {}): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: a', ...headers, '', body].join('\r\n');
}

export interface RawOptions {
  port: number;
  host?: string;
  /** Sent at once. */
  send: string | Buffer;
  /** Sent after the first bytes of an answer, or after `followAfter` ms. */
  follow?: string | Buffer | undefined;
  followAfter?: number;
  halfClose?: boolean;
  /** Methods of the requests, in order, to tell responses to HEAD. */
  methods?: string[];
  /** Stop once as many final responses are here and, for `settle` ms, nothing more came. */
  responses?: number;
  settle?: number;
  /** Give up after as many ms. */
  limit?: number;
}

/** Sends, and collects until the server closes, or the awaited responses are here. */
export async function exchange(options: RawOptions): Promise<Reply> {
  const {
    port,
    host = '127.0.0.1',
    follow,
    methods = [],
    responses = 1,
    settle = 60,
    limit = PATIENCE * 1000,
  } = options;
  const wire = new Wire(connect({ port, host, allowHalfOpen: true }), limit / 1000);
  const { socket } = wire;
  if (options.halfClose) socket.end(bytes(options.send));
  else socket.write(bytes(options.send));
  let rest = follow;
  const sendRest = () => {
    if (rest !== undefined) socket.write(bytes(rest));
    rest = undefined;
  };
  const late = setTimeout(sendRest, options.followAfter ?? 700);
  socket.once('data', sendRest);
  let enough = false;
  let length = -1;
  for (const end = Date.now() + limit; !wire.ended && Date.now() < end; ) {
    if (wire.length !== length) {
      length = wire.length;
      enough = completeIn(wire.replyTo(methods)) >= responses;
    } else if (enough) break;
    await wire.change(enough ? settle : Math.min(200, limit));
  }
  clearTimeout(late);
  socket.destroy();
  return wire.replyTo(methods);
}
