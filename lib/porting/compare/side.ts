/** One server while the archive is replayed against it: the jars of its clients, the values that it hands out, and what it did. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Observed } from '../diff/difference.js';
import type { Conversation, Exchange, Message, RecordedRequest } from '../exchange.js';
import { firstValue, mediaTypeOf } from '../fields.js';
import type { Secrets } from '../replacement.js';
import { bytesOf } from './follow/body-text.js';
import { Follower, type Wanted } from './follow/follower.js';
import { Jar, withCookies } from './follow/jar.js';
import { replaceInLargeForm, storedBytes } from './follow/request-values.js';
import { hostOf, ownHost, scopeOf, withHost } from './follow/scope.js';
import type { Planned } from './recording.js';
import { Dialogue } from './replay/replay-conversation.js';
import { sendRequest } from './replay/send-request.js';
import type { Spool } from './replay/spool.js';
import type { RunningServer } from './target/start-server.js';

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
  /** What requests name as their host; undefined: that of a server with a name, else what the recorded ones named. */
  readonly host?: string | undefined;
  /** Checks certificates. */
  readonly verify: boolean;
  readonly secrets: Secrets;
  /** Asks twice what changes nothing: for a server that cannot be started afresh. */
  readonly twice: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds for an answer before the next request is sent, where that came before the answer in the recording. */
const HOLD_MS = 1000;

/** RFC 9110 section 9.2.1, without TRACE, which shows what proxies made of the request. */
const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

export class Side {
  readonly follower: Follower;
  readonly #server: RunningServer;
  readonly #spool: Spool<Seen>;
  readonly #options: SideOptions;
  readonly #jars = new Map<number, Jar>();
  /** Conversations that go on while other requests are sent. */
  readonly #talks: Talk[] = [];
  /** Answers that other requests are sent before. */
  readonly #late: Late[] = [];

  constructor(server: RunningServer, spool: Spool<Seen>, wanted: Wanted, options: SideOptions) {
    this.#server = server;
    this.#spool = spool;
    this.#options = options;
    this.follower = new Follower(wanted);
  }

  /** Sends one request as this side's client would, and puts what came into the spool. */
  async replay(planned: Planned): Promise<void> {
    const { exchange, client, index } = planned;
    await this.#goOn(exchange.started?.getTime());
    await this.#catchUp(exchange.started?.getTime() ?? Number.POSITIVE_INFINITY);
    const skipped = reasonToSkip(exchange.request);
    if (skipped !== undefined) {
      this.#spool.put({ sent: exchange.request, observed: {}, skipped }, index);
      return;
    }
    const jar = this.#jars.get(client) ?? new Jar();
    this.#jars.set(client, jar);
    const sent = await this.#prepare(planned, jar);
    if (exchange.conversation === undefined) {
      await this.#have(planned, sent, jar);
      return;
    }
    const dialogue = this.#talk(sent, planned, exchange.conversation);
    const observed = this.#complete(sent, await dialogue.opened);
    await this.#keep(planned, sent, observed, jar);
    const talk = { planned, dialogue, sent, observed, begun: beginOf(planned) };
    this.#talks.push(talk);
    // Without a time it is had as a whole, before the next request.
    if (talk.begun === undefined) await this.#goOn(Number.POSITIVE_INFINITY);
  }

  /** One request and its answer. If that did not come before the next request in the recording, and does not here, it may wait for it. */
  async #have(planned: Planned, sent: RecordedRequest, jar: Jar): Promise<void> {
    const end = endOf(planned);
    const late: Late = { end, isLate: false, over: Promise.resolve() };
    late.over = this.#askAndKeep(planned, sent, jar, late);
    if (!(end > (planned.next ?? Number.POSITIVE_INFINITY))) return late.over;
    const patience = new AbortController();
    const isOver = late.over.then(() => true);
    // The caller that awaits it gets what it throws.
    isOver.catch(() => {});
    const held = sleep(HOLD_MS, false, { signal: patience.signal }).catch(() => false);
    late.isLate = !(await Promise.race([isOver, held]));
    patience.abort();
    if (late.isLate) this.#late.push(late);
  }

  async #askAndKeep(planned: Planned, sent: RecordedRequest, jar: Jar, late: Late): Promise<void> {
    const observed = await this.#ask(sent, planned);
    const repeat = this.#options.twice && isSafe(planned) && !late.isLate;
    const again = repeat ? await this.#ask(sent, planned) : undefined;
    await this.#keep(planned, sent, observed, jar);
    // What it gave last is what it expects back: a token of a form may be a new one for each page.
    if (again !== undefined) await this.#keep(planned, sent, again, jar);
    this.#spool.put({ ...(await this.#stored(sent)), observed, again }, planned.index);
  }

  /** Waits for answers that had come by that time. */
  async #catchUp(until: number): Promise<void> {
    for (const late of this.#late.filter(({ end }) => end <= until)) {
      await late.over;
      this.#late.splice(this.#late.indexOf(late), 1);
    }
  }

  /** Has the rest of the conversations, and of the answers. */
  async finish(): Promise<void> {
    await this.#goOn(Number.POSITIVE_INFINITY);
    await this.#catchUp(Number.POSITIVE_INFINITY);
  }

  /** Drops what still runs. */
  close(): void {
    for (const { dialogue } of this.#talks.splice(0)) dialogue.end();
  }

  /** What clients said before that time in conversations that still go on, in the order in which they said it. */
  async #goOn(until: number | undefined): Promise<void> {
    for (;;) {
      this.#options.signal?.throwIfAborted();
      let first: Talk | undefined;
      for (const talk of this.#talks) if (first === undefined || dueAt(talk) < dueAt(first)) first = talk;
      if (first === undefined || !(dueAt(first) <= (until ?? Number.POSITIVE_INFINITY))) return;
      await first.dialogue.step();
      if (!first.dialogue.isOver) continue;
      const { planned, dialogue, sent, observed } = first;
      this.#talks.splice(this.#talks.indexOf(first), 1);
      this.#spool.put(
        { ...(await this.#stored(sent)), observed: { ...observed, ...dialogue.outcome } },
        planned.index,
      );
    }
  }

  async #stored(sent: RecordedRequest): Promise<Pick<Seen, 'sent'>> {
    return { sent: { ...sent, body: await this.#spool.keep(sent.body) } };
  }

  /** Cookies for the jar, and values that are followed. */
  async #keep(planned: Planned, sent: RecordedRequest, { answer }: Observed, jar: Jar): Promise<void> {
    const { exchange, client } = planned;
    if (answer === undefined) return;
    jar.take(answer, scopeOf(sent), Date.now());
    if (exchange.answer !== undefined) await this.follower.learn(exchange.answer, answer, client);
  }

  async #prepare({ exchange, set, client }: Planned, jar: Jar): Promise<RecordedRequest> {
    const { secrets } = this.#options;
    const secret = await putBack(exchange.request, secrets);
    // Cookies are the jar's: of those, only what the client brought is followed.
    const cookies = secret.fields.filter(([name]) => name.toLowerCase() === 'cookie');
    const rest = secret.fields.filter(([name]) => name.toLowerCase() !== 'cookie');
    const followed = await this.follower.rewrite({ ...secret, fields: rest }, client);
    const hosted = withHost(followed, this.#options.host ?? ownHost(this.#server.url));
    const bring = (value: string, name: string) => this.follower.replace(value, name, client);
    const fields = withCookies([...hosted.fields, ...cookies], jar, scopeOf(hosted), set, bring);
    secrets.noteMissing(hosted.target);
    for (const [, value] of fields) secrets.noteMissing(value);
    secrets.noteMissing((await bytesOf(hosted.body))?.toString('latin1') ?? '');
    return { ...hosted, fields };
  }

  async #ask(sent: RecordedRequest, { exchange }: Planned): Promise<Observed> {
    const { timeout, verify, signal } = this.#options;
    const options = { timeout, verify, signal, leaveAfter: leaveAfter(exchange) };
    const observed = await sendRequest(sent, this.#server.url, this.#spool.body(), options);
    signal?.throwIfAborted();
    return this.#complete(sent, observed);
  }

  #talk(sent: RecordedRequest, { client }: Planned, recorded: Conversation): Dialogue {
    const { timeout, verify, signal } = this.#options;
    const said = recorded.messages.filter(({ from }) => from === 'server');
    let learned = 0;
    return new Dialogue(sent, recorded, this.#server.url, this.#spool.body(), {
      timeout,
      verify,
      signal,
      rewrite: (message, messages) => {
        const came = messages.filter(({ from }) => from === 'server');
        for (; learned < Math.min(said.length, came.length); learned++) {
          const [theirs, mine] = [said[learned]?.data, came[learned]?.data];
          if (typeof theirs === 'string' && typeof mine === 'string')
            this.follower.learnText(theirs, mine, client);
        }
        return this.#rewrite(message, client);
      },
    });
  }

  #complete(sent: RecordedRequest, observed: Observed): Observed {
    const fault = observed.answer === undefined ? this.#server.fault() : undefined;
    const isAbsolute = /^[a-z][a-z\d+.-]*:/i.test(sent.target);
    return {
      ...observed,
      url: isAbsolute ? sent.target : `${this.#server.url.protocol}//${hostOf(sent)}${sent.target}`,
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

/** Where the recorded client left an answer that had not ended: a stream of events has no end. */
function leaveAfter({ answer }: Exchange): number | undefined {
  if (answer === undefined) return undefined;
  const { size, cut, missing = false } = answer.body;
  const isEndless = mediaTypeOf(answer.fields) === 'text/event-stream';
  return (cut || missing) && (size > 0 || isEndless) ? size : undefined;
}

/** An answer that is still awaited: that of a long poll, or a stream of events. */
interface Late {
  /** When it was over in the recording, in milliseconds since 1970. */
  readonly end: number;
  isLate: boolean;
  over: Promise<void>;
}

/** NaN if the archive has no times. */
function endOf({ exchange }: Planned): number {
  const { started, answer } = exchange;
  return (started?.getTime() ?? Number.NaN) + (answer?.times?.last ?? Number.NaN);
}

/** A conversation that goes on. */
interface Talk {
  readonly planned: Planned;
  readonly dialogue: Dialogue;
  readonly sent: RecordedRequest;
  readonly observed: Observed;
  /** When its handshake was over in the recording, in milliseconds since 1970. */
  readonly begun: number | undefined;
}

function beginOf({ exchange }: Planned): number | undefined {
  const started = exchange.started?.getTime();
  return started === undefined ? undefined : started + (exchange.answer?.times?.head ?? 0);
}

/** When the recorded client said what comes next there; for its end, when it closed. */
function dueAt({ planned, dialogue, begun = 0 }: Talk): number {
  if (dialogue.isOver) return Number.NEGATIVE_INFINITY;
  const { answer, conversation } = planned.exchange;
  const { head = 0, last = 0 } = answer?.times ?? {};
  const end = Math.max(conversation?.messages.at(-1)?.time ?? 0, last - head);
  return begun + Math.min(dialogue.nextTime, end);
}

/** The request with the secrets that a recording has lost. */
async function putBack(request: RecordedRequest, secrets: Secrets): Promise<RecordedRequest> {
  const target = secrets.putBack(request.target, encodeURIComponent);
  const fields = request.fields.map(([name, value]) => [name, secrets.putBackInField(name, value)] as const);
  const type = firstValue(request.fields, 'content-type') ?? '';
  const bytes = await bytesOf(request.body);
  if (bytes === undefined) {
    if (mediaTypeOf(request.fields) !== 'multipart/form-data') return { ...request, target, fields };
    const inField = (value: string) =>
      secrets.putBackInBody(Buffer.from(value, 'latin1'), type).toString('latin1');
    return {
      ...request,
      target,
      fields,
      body: await replaceInLargeForm(request.body, request.fields, inField),
    };
  }
  if (bytes.length === 0) return { ...request, target, fields };
  const restored = secrets.putBackInBody(bytes, type);
  return { ...request, target, fields, body: restored === bytes ? request.body : storedBytes(restored) };
}

function isSafe({ exchange }: Planned): boolean {
  return SAFE.includes(exchange.request.method) && exchange.conversation === undefined;
}

function reasonToSkip({ method, body }: RecordedRequest): string | undefined {
  if (method === 'CONNECT') return 'CONNECT is for proxies';
  if (body.cut) return 'the client left before it had sent the request';
  if (body.missing) return 'the archive has lost bytes of its body';
  return undefined;
}
