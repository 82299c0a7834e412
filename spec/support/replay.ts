/** Recordings and targets for the specs of `compare`: made in memory, of applications in this process. */
import type { Application } from '../../lib/environ/types.js';
import { type ComparisonOptions, type Counts, runComparison } from '../../lib/porting/compare/comparison.js';
import { storedBytes } from '../../lib/porting/compare/follow/request-values.js';
import { replayConversation } from '../../lib/porting/compare/replay/replay-conversation.js';
import { sendRequest } from '../../lib/porting/compare/replay/send-request.js';
import { Spool } from '../../lib/porting/compare/replay/spool.js';
import type { Target } from '../../lib/porting/compare/target/target.js';
import type { Difference } from '../../lib/porting/diff/difference.js';
import type { Answer, Conversation, Exchange, Message, RecordedRequest } from '../../lib/porting/exchange.js';
import type { Result } from '../../lib/porting/report/result.js';
import type { ServerOptions } from '../../lib/server/options/options.js';
import { makeServer } from '../../lib/server/server.js';

export interface Asked {
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Buffer;
  /** Of a WebSocket, in the order of the conversation: what the client sends, and `null` for each message of the server. */
  readonly messages?: readonly (string | Buffer | null)[];
}

/** What an answer says a client has to send next. */
export type Ask = (answers: readonly (Answer & { text: string })[]) => Asked;

const HEADERS: readonly (readonly [string, string])[] = [['Host', 'shop.example:8000']];

function requestOf({ method, target, headers = [], body = '', messages }: Asked): RecordedRequest {
  const upgrade: readonly (readonly [string, string])[] =
    messages === undefined
      ? []
      : [
          ['Connection', 'Upgrade'],
          ['Upgrade', 'websocket'],
          ['Sec-WebSocket-Version', '13'],
          ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
        ];
  return {
    method: method ?? (body === '' ? 'GET' : 'POST'),
    target,
    fields: [...HEADERS, ...upgrade, ...headers],
    body: storedBytes(Buffer.from(body)),
  };
}

/** Asks a server of `app` and keeps what it answers: the recording of a client that does not follow redirects. */
export async function recorded(app: Application, asked: readonly (Asked | Ask)[]): Promise<Exchange[]> {
  const server = await makeServer('127.0.0.1', 0, app);
  const url = new URL(`http://127.0.0.1:${server.serverPort}`);
  const spool = new Spool<object>();
  const exchanges: Exchange[] = [];
  const answers: (Answer & { text: string })[] = [];
  try {
    for (const [index, ask] of asked.entries()) {
      const plan = typeof ask === 'function' ? ask(answers) : ask;
      const request = requestOf(plan);
      const messages = (plan.messages ?? []).map(
        (data): Message => ({ from: data === null ? 'server' : 'client', data: data ?? '', time: 0 }),
      );
      const outline: Conversation = { messages, closeCode: 1005, closeReason: '' };
      const { answer, conversation, failure } =
        plan.messages === undefined
          ? await sendRequest(request, url, spool.body(), { timeout: 20 })
          : await replayConversation(request, outline, url, spool.body(), { timeout: 20 });
      if (answer === undefined) throw new Error(`${plan.target}: ${failure}`);
      const bytes: Buffer[] = [];
      for await (const block of answer.body.read()) bytes.push(block);
      const whole = Buffer.concat(bytes);
      const kept = { ...answer, body: { ...storedBytes(whole), cut: answer.body.cut } };
      answers.push({ ...kept, text: String(whole) });
      exchanges.push({ request, started: new Date(1e12 + index * 1000), answer: kept, conversation });
    }
  } finally {
    spool.close();
    await server.close();
  }
  return exchanges;
}

/** A target that serves what `make` makes, anew for each pass. */
export function served(make: () => Application, options: ServerOptions = {}): Target {
  return {
    name: 'app.mjs:app',
    fresh: true,
    async start() {
      const server = await makeServer('127.0.0.1', 0, make(), { gracefulTimeout: 0.2, ...options });
      return {
        url: new URL(`http://127.0.0.1:${server.serverPort}`),
        fault: () => undefined,
        stop: () => server.close(),
      };
    },
  };
}

export interface Compared {
  readonly counts: Counts;
  readonly results: Result[];
  /** Of all exchanges: `kind where`. */
  readonly differences: string[];
  /** The bodies of the requests that the candidate got. */
  readonly bodies: string[];
}

export async function compared(
  exchanges: readonly Exchange[],
  options: Omit<ComparisonOptions, 'onresult'>,
): Promise<Compared> {
  const results: Result[] = [];
  async function* all() {
    yield* exchanges;
  }
  const bodies: string[] = [];
  const onresult = async (result: Result) => {
    results.push(result);
    let text = '';
    for await (const block of result.sent.candidate.body.read()) text += block;
    bodies.push(text);
  };
  const counts = await runComparison(all(), { ...options, onresult });
  const say = ({ kind, where }: Difference) => `${kind} ${where}`.trim();
  return { counts, results, bodies, differences: results.flatMap(({ differences }) => differences.map(say)) };
}
