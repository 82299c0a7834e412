/**
 * One connection of a client, and the one to the original that belongs to it. Bytes go through as they come, in both
 * directions; what is recorded is read beside them. So framing, case, order, interim answers, pipelining, closing and resets are
 * the original's own, whatever it does.
 */
import type { Socket } from 'node:net';
import { logger } from '../../logger.js';
import { ExchangeQueue } from './exchange-queue.js';
import { endAndLinger, Flow, reset } from './flow.js';
import { requestFraming, responseFraming } from './http/body-reader.js';
import { type Field, type Head, listedIn, parseRequestLine, parseStatusLine } from './http/head.js';
import { type MessageListener, MessageReader, type Next } from './http/message-reader.js';
import { LiveExchange } from './live-exchange.js';
import type { Recorder } from './recorder.js';
import { Tunnel } from './tunnel.js';
import { badRequest, connectTo, KEEP_ALIVE_MS, type Upstream, unreachable } from './upstream.js';

export interface ProxyOptions {
  readonly upstream: Upstream;
  readonly recorder: Recorder;
  /** Where clients connect to, for requests without Host. */
  readonly authority: string;
  /** Changes a head before it is passed on; what it gives is what is recorded. */
  readonly rewrite?: ((head: Head, client: Socket) => Head) | undefined;
}

export class ProxyConnection {
  readonly #client: Socket;
  readonly #options: ProxyOptions;
  readonly #onclose: () => void;
  readonly #fromClient: Flow;
  readonly #requests = new MessageReader(this.#requestListener());
  readonly #answers = new MessageReader(this.#answerListener());
  #upstream: Socket | undefined;
  #fromUpstream: Flow | undefined;
  #connected = false;
  readonly #exchanges = new ExchangeQueue();
  /** The exchange whose request is being sent. */
  #sending: LiveExchange | undefined;
  /** The exchange whose answer is being passed. */
  #answering: LiveExchange | undefined;
  /** The exchange whose answer says what follows its request. */
  #awaited: LiveExchange | undefined;
  #tunnel: Tunnel | undefined;
  /** The original has closed, or does not get any more: what the client still sends goes nowhere. */
  #over = false;
  /** Why the last request was not passed on: said once those before it are answered. */
  #refusal: string | undefined;
  #stopping = false;
  /** It ends once it is idle. */
  #draining = false;
  #lettingGo = false;
  #warned = false;

  constructor(client: Socket, options: ProxyOptions, onclose: () => void) {
    this.#client = client;
    this.#options = options;
    this.#onclose = onclose;
    this.#fromClient = new Flow(client);
    client.setNoDelay(true);
    client.setKeepAlive(true, KEEP_ALIVE_MS);
    client.on('data', (block: Buffer) => this.#clientData(block));
    client.on('end', () => this.#clientEnded());
    client.on('error', () => this.#clientLost());
    client.on('close', () => this.#clientLost());
  }

  /** Between two requests. */
  get isIdle(): boolean {
    return this.#exchanges.isEmpty && this.#requests.isBetween;
  }

  /** Ends it, whatever is going on; the archive has what came so far. */
  stop(): void {
    this.#stopping = true;
    this.#upstream?.destroy();
    this.#client.destroy();
  }

  /** Ends it when its exchanges are over; a conversation has no end of its own. */
  drain(): void {
    this.#draining = true;
    if (this.isIdle || this.#tunnel !== undefined) this.stop();
  }

  #clientData(block: Buffer): void {
    if (this.#over) return;
    this.#requests.push(block);
  }

  /** It has sent all that it will send; it may still wait for the answer. */
  #clientEnded(): void {
    const isWhole = this.#requests.end();
    if (!isWhole) this.#sending?.endRequest({ cut: true });
    if (this.#upstream === undefined) this.#client.end();
    else this.#upstream.end();
    this.#settle();
  }

  #clientLost(): void {
    const upstream = this.#upstream;
    if (upstream !== undefined && !upstream.destroyed) {
      // It sees that nobody waits any more, as it would without a proxy.
      if (!this.#exchanges.isEmpty && this.#tunnel === undefined && !this.#stopping) reset(upstream);
      else upstream.destroy();
    }
    this.#finishAll(true);
    this.#client.destroy();
    this.#onclose();
  }

  #connect(): Socket {
    const upstream = connectTo(this.#options.upstream);
    this.#fromUpstream = new Flow(upstream);
    upstream.once(this.#options.upstream.tls ? 'secureConnect' : 'connect', () => {
      this.#connected = true;
    });
    upstream.on('data', (block: Buffer) => this.#answers.push(block));
    upstream.on('end', () => this.#upstreamEnded());
    upstream.on('error', (error: NodeJS.ErrnoException) => this.#upstreamFailed(error));
    upstream.on('close', () => this.#upstreamClosed());
    return upstream;
  }

  #toUpstream(bytes: Buffer): void {
    this.#upstream ??= this.#connect();
    this.#fromClient.write(this.#upstream, bytes);
  }

  #toClient(bytes: Buffer): void {
    this.#fromUpstream?.write(this.#client, bytes);
  }

  #upstreamEnded(): void {
    this.#endAnswers(false);
    if (this.#tunnel !== undefined) {
      this.#client.end();
      return;
    }
    this.#over = true;
    this.#finishAll(false);
    this.#letGo();
  }

  #upstreamFailed(error: NodeJS.ErrnoException): void {
    if (!this.#connected) {
      this.#unreachable(error);
      return;
    }
    const isWaited = this.#exchanges.unanswered !== undefined || this.#tunnel !== undefined;
    this.#endAnswers(true);
    this.#over = true;
    this.#finishAll(false);
    if (this.#client.destroyed) return;
    if (!isWaited) {
      this.#letGo();
      return;
    }
    // After what it has sent. An answer without a length would else seem whole.
    if (this.#client.writableLength === 0) reset(this.#client);
    else this.#client.write('', () => reset(this.#client));
  }

  #upstreamClosed(): void {
    this.#over = true;
    this.#endAnswers(true);
    this.#finishAll(false);
    this.#letGo();
  }

  /** The client reads the rest; what it still sends is not wanted (RFC 9112, section 9.6). */
  #letGo(): void {
    if (this.#lettingGo || this.#client.destroyed) return;
    this.#lettingGo = true;
    this.#fromClient.goOn();
    if (!this.#upstream?.destroyed) this.#upstream?.end();
    endAndLinger(this.#client);
  }

  #unreachable(error: NodeJS.ErrnoException): void {
    const { failure, answer } = unreachable(this.#options.upstream, error, this.#exchanges.first);
    this.#over = true;
    this.#finishAll(false, failure);
    this.#client.write(answer);
    this.#letGo();
  }

  /** What the original has sent is over. @param cut by a reset. */
  #endAnswers(cut: boolean): void {
    const exchange = this.#exchanges.first;
    if (cut && exchange?.answerBegun) exchange.endAnswer({ cut });
    const isWhole = this.#answers.end();
    if (exchange === undefined || !exchange.answerBegun || exchange.answerEnded) return;
    exchange.endAnswer({ cut: !isWhole });
  }

  /** Writes what is left. @param abandoned by the client, or by us: the original would have gone on. */
  #finishAll(abandoned: boolean, failure?: string): void {
    this.#endTunnel();
    this.#exchanges.writeAll(abandoned, failure);
    this.#sending = undefined;
  }

  /** Something has ended. */
  #settle(): void {
    this.#exchanges.writeOver(this.#tunnel?.exchange);
    const isLast = this.#refusal !== undefined && this.#exchanges.isEmpty;
    if (isLast && !this.#lettingGo) this.#client.write(badRequest(this.#refusal ?? ''));
    if (!isLast && !(this.#draining && this.isIdle)) return;
    // All is written; the client gets what is on its way.
    this.#over = true;
    this.#letGo();
  }

  #requestListener(): MessageListener {
    return {
      onhead: (head) => this.#requestHead(head),
      oncontent: (piece) => this.#sending?.addRequest(piece),
      onbytes: (bytes) => this.#toUpstream(bytes),
      onend: () => {
        this.#sending?.endRequest();
        this.#sending = undefined;
        this.#settle();
      },
      ontunnel: (bytes) => {
        if (this.#tunnel?.write('client', bytes) === false) this.#fromClient.stop('frames');
        this.#toUpstream(bytes);
      },
      onunreadable: (error, bytes) => this.#requestUnreadable(error.message, bytes),
      onpartial: (bytes) => this.#passUnread(bytes),
    };
  }

  #requestUnreadable(fault: string, bytes: Buffer): void {
    const passes = this.#passUnread(bytes);
    this.#warn(`A request is ${passes ? 'passed on and not recorded' : 'refused'}: ${fault}`);
    this.#sending?.endRequest({ cut: true });
    if (passes) return;
    this.#over = true;
    // Where its head has passed, the original sees a body that is cut, and may say so.
    if (this.#sending !== undefined) this.#upstream?.end();
    else this.#refusal = fault;
    this.#settle();
  }

  /** Not where heads are rewritten: a client could send headers in such bytes that are not its to send. */
  #passUnread(bytes: Buffer): boolean {
    const passes = this.#options.rewrite === undefined;
    if (passes) this.#toUpstream(bytes);
    return passes;
  }

  #requestHead(original: Head): Next {
    const line = parseRequestLine(original.start);
    const framing = requestFraming(original);
    const head = this.#options.rewrite?.(original, this.#client) ?? original;
    const { recorder, authority } = this.#options;
    const exchange = new LiveExchange(recorder, line, head.fields, { scheme: 'http', authority });
    this.#exchanges.push(exchange);
    this.#toUpstream(head.raw);
    this.#sending = exchange;
    // What follows depends on the answer. An upgrade with a body asks for what no browser does: its bytes pass.
    const isUpgrade = line.method === 'CONNECT' || listedIn(head.fields, 'connection').includes('upgrade');
    const hasBody = framing.kind !== 'length' || framing.length > 0;
    if (!isUpgrade || hasBody) return framing;
    exchange.endRequest();
    this.#sending = undefined;
    this.#awaited = exchange;
    this.#fromClient.stop('held');
    return 'wait';
  }

  #answerListener(): MessageListener {
    return {
      onhead: (head) => this.#answerHead(head),
      oncontent: (piece) => this.#answering?.addAnswer(piece),
      onbytes: (bytes) => this.#toClient(bytes),
      onend: (trailers) => {
        this.#answering?.endAnswer({}, trailers);
        this.#answering = undefined;
        this.#settle();
      },
      ontunnel: (bytes) => {
        if (this.#tunnel?.write('server', bytes) === false) this.#fromUpstream?.stop('frames');
        this.#toClient(bytes);
      },
      onunreadable: (error, bytes) => {
        this.#warn(`An answer is passed on and not recorded: ${error.message}`);
        this.#toClient(bytes);
        if (this.#awaited !== undefined) this.#readOn('head');
      },
      onpartial: (bytes) => this.#toClient(bytes),
    };
  }

  #answerHead(head: Head): Next {
    const line = parseStatusLine(head.start);
    const exchange = this.#exchanges.unanswered;
    const isTunnel =
      line.status === 101 || (exchange?.method === 'CONNECT' && line.status < 300 && line.status >= 200);
    const framing = responseFraming(head, line.status, exchange?.method ?? 'GET');
    this.#toClient(head.raw);
    if (line.status < 200 && !isTunnel) return 'head';
    if (exchange === undefined || exchange !== this.#exchanges.first) {
      this.#warn(`The original has sent ${line.status} to no request`);
      return framing;
    }
    exchange.beginAnswer(line, head.fields);
    if (!isTunnel) {
      this.#answering = exchange;
      if (exchange === this.#awaited) this.#readOn('head');
      return framing;
    }
    exchange.endAnswer({});
    this.#openTunnel(exchange, head.fields);
    return 'tunnel';
  }

  #openTunnel(exchange: LiveExchange, fields: readonly Field[]): void {
    this.#tunnel = new Tunnel(exchange, fields, this.#options.recorder, {
      ondrain: () => {
        this.#fromClient.go('frames');
        this.#fromUpstream?.go('frames');
      },
      onwarning: (sentence) => this.#warn(sentence),
    });
    this.#readOn('tunnel');
  }

  /** The answer says what follows the request. */
  #readOn(next: 'head' | 'tunnel'): void {
    this.#awaited = undefined;
    this.#requests.resume(next);
    this.#fromClient.go('held');
  }

  #endTunnel(): void {
    const tunnel = this.#tunnel;
    if (tunnel === undefined || this.#exchanges.first !== tunnel.exchange) return;
    this.#exchanges.dropFirst();
    tunnel.end(this.#stopping);
  }

  #warn(sentence: string): void {
    if (this.#warned) return;
    this.#warned = true;
    logger.warning(sentence);
  }
}
