/** One server while the archive is replayed against it: the jars of its clients, the values that it hands out, and what it did. */
import type { Observed } from '../diff/difference.js';
import type { Message, RecordedRequest } from '../exchange.js';
import type { Secrets } from '../replacement.js';
import { bytesOf, fieldOf } from './follow/body-text.js';
import { Follower, type Wanted } from './follow/follower.js';
import { Jar, withCookies } from './follow/jar.js';
import { storedBytes } from './follow/request-values.js';
import { hostOf, scopeOf, withHost } from './follow/scope.js';
import type { Planned } from './recording.js';
import { replayConversation } from './replay/replay-conversation.js';
import { sendRequest } from './replay/send-request.js';
import type { Spool } from './replay/spool.js';
import type { RunningServer } from './target/target.js';

/** What a server did with one exchange. */
export interface Seen {
  readonly sent: RecordedRequest;
  readonly observed: Observed;
  /** What it did when it was asked a second time. */
  readonly again?: Observed | undefined;
  /** Why it was not asked. */
  readonly skipped?: string | undefined;
}

export interface SideOptions {
  /** Seconds, for each answer. */
  readonly timeout: number;
  /** What requests name as their host; undefined: what the recorded ones named. */
  readonly host?: string | undefined;
  readonly secrets: Secrets;
  /** Asks twice what changes nothing: for a server that cannot be started afresh. */
  readonly twice: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** RFC 9110 section 9.2.1, without TRACE, which shows what proxies made of the request. */
const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

export class Side {
  readonly follower: Follower;
  readonly #server: RunningServer;
  readonly #spool: Spool<Seen>;
  readonly #options: SideOptions;
  readonly #jars = new Map<number, Jar>();

  constructor(server: RunningServer, spool: Spool<Seen>, wanted: Wanted, options: SideOptions) {
    this.#server = server;
    this.#spool = spool;
    this.#options = options;
    this.follower = new Follower(wanted);
  }

  /** Sends one request as this side's client would, and adds what came to the spool. */
  async replay(planned: Planned): Promise<void> {
    const { exchange, client } = planned;
    const skipped = reasonToSkip(exchange.request);
    if (skipped !== undefined) {
      this.#spool.add({ sent: exchange.request, observed: {}, skipped });
      return;
    }
    const jar = this.#jars.get(client) ?? new Jar();
    this.#jars.set(client, jar);
    const sent = await this.#prepare(planned, jar);
    const observed = await this.#ask(sent, planned);
    const repeat = this.#options.twice && isSafe(planned);
    const again = repeat ? await this.#ask(sent, planned) : undefined;
    const { answer } = observed;
    if (answer !== undefined) {
      jar.take(answer, scopeOf(sent), Date.now());
      if (exchange.answer !== undefined) await this.follower.learn(exchange.answer, answer, client);
    }
    this.#spool.add({ sent: { ...sent, body: await this.#spool.keep(sent.body) }, observed, again });
  }

  async #prepare({ exchange, set, client }: Planned, jar: Jar): Promise<RecordedRequest> {
    const { secrets } = this.#options;
    const secret = await putBack(exchange.request, secrets);
    // Cookies are the jar's: of those, only what the client brought is followed.
    const cookies = secret.fields.filter(([name]) => name.toLowerCase() === 'cookie');
    const rest = secret.fields.filter(([name]) => name.toLowerCase() !== 'cookie');
    const followed = await this.follower.rewrite({ ...secret, fields: rest }, client);
    const hosted = withHost(followed, this.#options.host);
    const bring = (value: string, name: string) => this.follower.replace(value, name, client);
    return {
      ...hosted,
      fields: withCookies([...hosted.fields, ...cookies], jar, scopeOf(hosted), set, bring),
    };
  }

  async #ask(sent: RecordedRequest, { exchange, client }: Planned): Promise<Observed> {
    const { timeout, signal } = this.#options;
    const { url } = this.#server;
    const body = this.#spool.body();
    const recorded = exchange.answer?.body;
    const observed =
      exchange.conversation === undefined
        ? await sendRequest(sent, url, body, {
            timeout,
            signal,
            leaveAfter: recorded?.cut ? recorded.size : undefined,
          })
        : await replayConversation(sent, exchange.conversation, url, body, {
            timeout,
            signal,
            rewrite: (message) => this.#rewrite(message, client),
          });
    signal?.throwIfAborted();
    const fault = observed.answer === undefined ? this.#server.fault() : undefined;
    const scheme = url.protocol === 'https:' ? 'https' : 'http';
    return {
      ...observed,
      url: /^[a-z][a-z\d+.-]*:/i.test(sent.target)
        ? sent.target
        : `${scheme}://${hostOf(sent)}${sent.target}`,
      ...(fault === undefined ? {} : { failure: fault }),
    };
  }

  #rewrite(message: Message, client: number): Message {
    const { data } = message;
    if (typeof data !== 'string') return message;
    const isJson = /^\s*[[{]/.test(data);
    const quoted = (value: string) => (isJson ? JSON.stringify(value).slice(1, -1) : value);
    const restored = this.#options.secrets.putBack(data, quoted);
    return { ...message, data: this.follower.rewriteText(restored, client) };
  }
}

/** The request with the secrets that a recording has lost. */
async function putBack(request: RecordedRequest, secrets: Secrets): Promise<RecordedRequest> {
  const target = secrets.putBack(request.target, encodeURIComponent);
  const fields = request.fields.map(([name, value]) => [name, secrets.putBackInField(name, value)] as const);
  const bytes = await bytesOf(request.body);
  if (bytes === undefined || bytes.length === 0) return { ...request, target, fields };
  const restored = secrets.putBackInBody(bytes, fieldOf(request.fields, 'content-type') ?? '');
  return { ...request, target, fields, body: restored === bytes ? request.body : storedBytes(restored) };
}

function isSafe({ exchange }: Planned): boolean {
  return SAFE.includes(exchange.request.method) && exchange.conversation === undefined;
}

function reasonToSkip({ method, body }: RecordedRequest): string | undefined {
  if (method === 'CONNECT') return 'CONNECT is for proxies';
  if (body.cut) return 'the client left before it had sent the request';
  return undefined;
}
