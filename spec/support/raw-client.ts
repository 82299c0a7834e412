/** A client that sends bytes as they are, and takes apart what comes back. */
import { connect, type Socket } from 'node:net';
import { bytes, parseResponses, type Reply } from '../../lib/conformance/responses.js';

export {
  bytes,
  parseResponses,
  type RawResponse,
  type Reply,
} from '../../lib/conformance/responses.js';

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
export function exchange(options: RawOptions): Promise<Reply> {
  const { port, host = '127.0.0.1', responses = 1, settle = 60, limit = 8000 } = options;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket: Socket = connect({ port, host, allowHalfOpen: true });
    let closed = false;
    let settled: NodeJS.Timeout | undefined;
    let then = options.follow;
    const finish = () => {
      clearTimeout(limiter);
      clearTimeout(settled);
      clearTimeout(thenTimer);
      socket.destroy();
      const raw = Buffer.concat(chunks);
      resolve({ ...parseResponses(raw, options.methods ?? [], closed), closed, raw });
    };
    const sendThen = () => {
      if (then === undefined) return;
      socket.write(bytes(then));
      then = undefined;
    };
    const limiter = setTimeout(finish, limit);
    const thenTimer = setTimeout(sendThen, options.followAfter ?? 700);
    socket.on('connect', () => {
      if (options.halfClose) socket.end(bytes(options.send));
      else socket.write(bytes(options.send));
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      sendThen();
      const parsed = parseResponses(Buffer.concat(chunks), options.methods ?? [], false);
      clearTimeout(settled);
      if (parsed.responses.filter((response) => response.complete).length >= responses) {
        settled = setTimeout(finish, settle);
      }
    });
    const gone = () => {
      if (closed) return;
      closed = true;
      finish();
    };
    socket.on('end', gone);
    socket.on('error', gone);
    socket.on('close', gone);
  });
}
