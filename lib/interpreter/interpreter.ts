/**
 * What PEP 3333 asks of a gateway, over any sink: start_response, write, the iterable, Content-Length, close() and errors.
 * Nothing that returns synchronously is awaited: over a sink that blocks, an application runs without a promise.
 */
import { isUint8Array } from 'node:util/types';
import { RequestScope, type RequestServer } from '../current-request.js';
import { FileWrapper } from '../environ/file/file-wrapper.js';
import { asPromise, isPromise } from '../environ/maybe-promise.js';
import type { ApplicationOn, Body, Bytes, ExcInfo, StartResponse, Write } from '../environ/types.js';
import { isClosedError } from '../environ/websocket/error.js';
import { ApplicationError, ClientDisconnected, isRequestError } from '../errors.js';
import { badItem, beyond, checkCall, cutAt, dropped, late, notStarted } from './application-faults.js';
import { sendError } from './error-response.js';
import { describe, type NamedRequest, type Report, type Reporter } from './report.js';
import { closeBody, itemCount, iterate, type Puller, pullFile } from './response-body.js';
import { type CheckedHead, checkHead, frame, hasNoBody, shorten } from './response-head.js';
import type { Sink } from './sink.js';

export class Interpreter implements Reporter {
  readonly scope: RequestScope;
  private readonly sink: Sink;
  private readonly request: NamedRequest;
  private readonly report: Report;
  /** Milliseconds since the epoch. */
  private readonly received = Date.now();
  private readonly isHead: boolean;
  /** start_response was called, whether or not its arguments were right (PEP 3333 "The start_response() Callable"). */
  private started = false;
  private head: CheckedHead | undefined;
  private headSent = false;
  private bodiless = false;
  /** Bytes of body that the head promised. */
  private declared: number | undefined;
  private inferred = false;
  private sent = 0;
  private wrote = false;
  private warned = false;
  private writable: Write | undefined;
  /** The client's slowness, until it has caught up. */
  private waiting: Promise<void> | undefined;
  private body: unknown;
  private puller: Puller | undefined;
  private items: number | undefined;
  /** Bytes of a file that is the body, where that is sure. */
  private fileSize: number | undefined;
  private over = false;
  private disconnected: ClientDisconnected | undefined;
  /** While the application has a promise to settle; never rejects. */
  private running: Promise<unknown> | undefined;

  constructor(sink: Sink, request: NamedRequest, report: Report, server?: RequestServer) {
    this.scope = new RequestScope(server);
    this.sink = sink;
    this.isHead = request.method === 'HEAD';
    this.request = request;
    this.report = report;
  }

  run<E>(application: ApplicationOn<E>, environ: E): void {
    try {
      // Not in closures: they would keep environ, and an application may take days.
      const start_response: StartResponse = this.startResponse.bind(this);
      const result = this.scope.start(environ, () => application(environ, start_response));
      if (isPlainList(result) || !isPromise<Body>(result)) this.respond(result);
      else this.later(result, this.respond);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The application goes on when this promise has settled. */
  private later<T>(promise: PromiseLike<T>, next: (this: this, value: T) => unknown): void {
    this.scope.later();
    this.running = asPromise(promise).then(
      (value) => {
        this.running = undefined;
        return next.call(this, value);
      },
      (error) => this.applicationFailed(error),
    );
  }

  /** @internal Tells what went wrong, and of which request. */
  say(message: string, ...thrown: [error?: unknown]): void {
    this.report(describe(this.request, this.received, message), ...thrown);
  }

  /** The client has left: the application learns it at its next call, and its iterable is closed now. */
  disconnect(error = new ClientDisconnected()): void {
    this.disconnected = error;
    if (!this.over) this.finish();
  }

  /** The application has sent nothing for so many seconds: a fault, unless its scope knows why. */
  overdue(seconds: number): void {
    if (this.scope.mayBeSilent(seconds)) return;
    this.fail(new ApplicationError(`The application sent nothing for ${seconds} s (timeout)`));
  }

  /** Ends the response with an error: its own status if nothing was sent yet, otherwise a visible cut. */
  fail(error: unknown): void {
    const theirs = isRequestError(error) || isClosedError(error);
    if (this.over && (theirs || this.disconnected !== undefined)) return;
    if (!theirs)
      this.say(this.over ? 'Error after the response was complete' : 'Error in the application', error);
    if (this.over) return;
    if (this.sink.hijacked || this.headSent) this.sink.abort();
    else {
      this.headSent = true;
      sendError(this.sink, error, this.isHead, this);
    }
    this.finish();
  }

  private startResponse(status: unknown, headers: unknown, exc_info?: ExcInfo | null): Write {
    const { started, headSent } = this;
    const { hijacked } = this.sink;
    if (started || hijacked || exc_info !== undefined) checkCall(started, headSent, hijacked, exc_info);
    if (this.over) throw this.disconnected ?? late('start_response');
    this.started = this.sink.started = true;
    this.head = undefined;
    this.head = checkHead(status, headers);
    // Bound: with an arrow function here, requests that are over survive scavenges (--trace-gc-nvp, POST of 1 MiB, Node 20).
    this.writable ??= this.write.bind(this);
    return this.writable;
  }

  /** PEP 3333 "The write() Callable": treated as one more item, ahead of those of the iterable. */
  private write(data: Bytes): void | Promise<void> {
    if (!isUint8Array(data)) throw badItem(data, 'write()');
    if (this.over) throw this.disconnected ?? late('write()');
    if (this.head === undefined) throw notStarted(this.started, 'write()');
    this.wrote = true;
    // Even an empty block sends the headers: "when write is first called".
    if (!this.headSent) this.sendHead(this.head, undefined);
    const { room } = this;
    if (this.bodiless && data.length > 0) this.warnBodiless();
    const wait = this.sendBlock(data.length > room ? data.subarray(0, room) : data);
    this.waiting = wait ?? this.waiting;
    this.sink.flush();
    if (data.length > room && !this.bodiless) throw beyond(this.declared);
    return wait;
  }

  /** @returns a promise where the response was over before, and the body takes time to close. */
  private respond(body: unknown): void | Promise<void> {
    if (this.over) return closeBody(body, undefined, this);
    this.body = body;
    try {
      if (this.sink.hijacked) this.endEarly();
      else if (body instanceof FileWrapper) this.sendFile(body);
      else if (!Array.isArray(body) || body.length !== 1 || !this.sendSingle(body[0])) {
        this.puller = iterate(body);
        this.items = itemCount(body);
        this.afterWait();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Fast path: the list of one block, with which most applications answer, in one go. */
  private sendSingle(block: unknown): boolean {
    if (this.head === undefined || this.headSent || !isUint8Array(block)) return false;
    if (this.head.length !== undefined && this.head.length !== block.length) return false;
    // An application that leaves out the body for HEAD has not said that GET has none (RFC 9110, section 8.6).
    if (block.length === 0 && this.isHead) return false;
    this.sendHead(this.head, block.length);
    this.sent = block.length;
    this.sink.end(this.bodiless || block.length === 0 ? undefined : block);
    if (this.bodiless && block.length > 0) this.warnBodiless();
    this.finish();
    return true;
  }

  /** Pulls blocks until the body ends, or something has to be waited for. */
  private pull(): void {
    const puller = this.puller as Puller;
    while (!this.over) {
      try {
        const step = this.scope.run(() => puller.next());
        if (isPromise<IteratorResult<Bytes, unknown>>(step)) {
          this.sink.pause?.();
          this.later(step, (result) => {
            if (!this.over && this.take(result, false)) this.afterWait();
          });
          return;
        }
        if (!this.take(step, true)) return;
      } catch (error) {
        this.applicationFailed(error);
        return;
      }
      if (this.waiting === undefined) continue;
      this.afterWait();
      return;
    }
  }

  /** Goes on pulling once the client has taken what it was sent. */
  private afterWait(): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.pull();
    else waiting.then(() => this.pull());
  }

  /** An iterator that threw is over: it gets close(), but no return(). */
  private applicationFailed(error: unknown): void {
    this.running = undefined;
    this.puller = undefined;
    this.fail(error);
  }

  /** Handles one step of the iterator; false when the response is over. */
  private take(step: IteratorResult<Bytes, unknown>, flush: boolean): boolean {
    try {
      if (this.sink.hijacked) this.endEarly();
      else if (step.done) {
        this.puller = undefined;
        this.complete();
      } else {
        this.item(step.value);
        // A synchronous iterator may block before its next item: this one must not wait for that (PEP 3333 "Buffering").
        if (flush && !this.over && this.headSent) this.sink.flush(this.waiting === undefined);
      }
    } catch (error) {
      this.fail(error);
    }
    return !this.over;
  }

  private item(block: Bytes): void {
    if (!isUint8Array(block)) throw badItem(block);
    // "transmit the headers only after the first iteration that yields a non-empty bytestring"
    if (block.length === 0) {
      this.waiting = this.sink.pass?.();
      return;
    }
    if (this.head === undefined) throw notStarted(this.started);
    if (!this.headSent) {
      const single = this.items === 1 && !this.wrote ? block.length : undefined;
      this.sendHead(this.head, this.fileSize ?? single);
    }
    const { room } = this;
    if (this.bodiless) {
      this.warnBodiless();
      this.endEarly();
    } else if (block.length < room || (block.length === room && this.inferred)) {
      // Where the length was inferred from `len(iterable)`, the next step must show that there was but one item.
      this.waiting = this.sendBlock(block);
    } else this.reachLength(block, room);
  }

  /** The declared length is reached: the rest of the body is not asked for (PEP 3333, RFC 9110 section 8.6). */
  private reachLength(block: Bytes, room: number): void {
    if (block.length > room) this.say(cutAt(this.declared));
    this.sent += room;
    if (this.inferred) this.sink.abort();
    else this.sink.end(block.subarray(0, room));
    this.finish();
  }

  /** Bytes that the declared length leaves. */
  private get room(): number {
    return ((this.headSent ? this.declared : this.head?.length) ?? Number.POSITIVE_INFINITY) - this.sent;
  }

  private complete(): void {
    if (this.head === undefined) throw notStarted(this.started);
    if (!this.headSent) this.sendHead(this.head, this.isHead ? this.fileSize : 0);
    const missing = this.bodiless || this.declared === undefined ? 0 : this.declared - this.sent;
    if (missing > 0) {
      this.say(`The body ended ${missing} bytes short of its Content-Length of ${this.declared}`);
      this.sink.abort();
    } else this.sink.end();
    this.finish();
  }

  /** PEP 3333 "Optional Platform-Specific File Handling": only for our own wrapper, returned as it is. */
  private sendFile(file: FileWrapper): void {
    if (this.head === undefined) throw notStarted(this.started);
    if (!this.headSent) {
      this.fileSize = file.size();
      this.head = shorten(this.head, this.fileSize);
      // A file that cannot be read has to show before the head is sent. This one is not asked for.
      if (hasNoBody(this.head.status)) this.sendHead(this.head, undefined);
    }
    if (this.bodiless) this.endEarly();
    else {
      this.puller = pullFile(file, () => this.room);
      this.afterWait();
    }
  }

  private sendHead(head: CheckedHead, inferredLength: number | undefined): void {
    const { head: framed, length, inferred } = frame(head, this.isHead, inferredLength);
    this.bodiless = framed.bodiless;
    this.declared = length;
    this.inferred = inferred;
    this.headSent = true;
    this.sink.head(framed);
  }

  private sendBlock(block: Bytes): Promise<void> | undefined {
    if (block.length === 0 || this.bodiless) return undefined;
    this.sent += block.length;
    return this.sink.chunk(block);
  }

  private warnBodiless(): void {
    if (this.isHead || this.warned) return;
    this.warned = true;
    this.say(dropped(this.head?.status));
  }

  private endEarly(): void {
    this.sink.end();
    this.finish();
  }

  private finish(): void {
    this.over = true;
    if (this.puller === undefined && isPlainList(this.body)) this.leave();
    else this.close();
  }

  private close(): void {
    this.scope.endWaits();
    // An iterator that may have more to give gets `return()` before `close()`.
    const closing = closeBody(this.body, this.puller, this);
    this.puller = undefined;
    if (closing === undefined) this.leave();
    else closing.then(() => this.leave());
  }

  private leave(): void {
    this.sink.done(this.running);
    this.scope.end(this.running);
  }
}

/** Fast path: what most applications return is not a promise, and has nothing to close. */
function isPlainList(body: unknown): boolean {
  try {
    return Array.isArray(body) && !('then' in body) && !('close' in body);
  } catch {
    return false;
  }
}
