/**
 * One request in Python: what its application does there is done here, to the `start_response`, the streams and the
 * WebSocket of the gateway. How it ends:
 *
 * | Python                        | here                                                           |
 * |-------------------------------|----------------------------------------------------------------|
 * | gives a whole response        | the application returns a list of one block                    |
 * | gives its first block or none | the application returns a body, which the rest goes to         |
 * | raises before that            | the application's promise rejects                              |
 * | raises later                  | the body rejects; once no more of it is wanted, the log has it |
 * | is done                       | the lane is free                                               |
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileWrapper } from '../environ/file/file-wrapper.js';
import { asPromise, isPromise } from '../environ/maybe-promise.js';
import type { Body, Environ, HeaderList, StartResponse, Write } from '../environ/types.js';
import { ALREADY_CLOSED, closedError } from '../environ/websocket/error.js';
import { ApplicationError } from '../errors.js';
import { PythonBody } from './body.js';
import { diskFile, type ToldFile } from './disk-file.js';
import { PythonError } from './error.js';
import type { Lane, LaneWork } from './lane.js';
import {
  FROM_PYTHON,
  pack,
  packError,
  TO_PYTHON,
  type ToldException,
  uint32,
  unpack,
  unpackWhole,
} from './messages.js';
import { PythonSocket } from './python-socket.js';
import { readBody } from './request-body.js';
import { logLateError, logPrinted, nameForLog } from './request-log.js';
import type { SocketCall } from './socket-calls.js';
import { type TopicCall, TopicCalls } from './topic-calls.js';

type Head = readonly [status: string, headers: HeaderList];

const NOTHING = Buffer.alloc(0);

/** What Python is told where a file was sent, and where it has to read the file itself. */
const SENT = pack(true);
const NOT_SENT = pack(false);

export class PythonCall implements LaneWork {
  /** What the application returns. */
  readonly result: Promise<Body>;
  isDone = false;
  readonly #environ: Environ;
  readonly #startResponse: StartResponse;
  #lane: Lane;
  #settle: { resolve(body: Body): void; reject(error: unknown): void } | undefined;
  #write: Write | undefined;
  #body: PythonBody | undefined;
  /** Calls of Python that are not answered yet. Most requests make none. */
  #pending: Set<number> | undefined;
  /** Errors of ours that Python was told of, by the call: it may let one through. */
  #errors: Map<number, unknown> | undefined;
  #topics: TopicCalls | undefined;
  #ownSocket: PythonSocket | undefined;
  #overdue: string | undefined;
  /** A file is on its way to the client. */
  #sendsFile = false;
  #whenDone: (() => void) | undefined;

  constructor(environ: Environ, start_response: StartResponse, lane: Lane) {
    this.#environ = environ;
    this.#startResponse = start_response;
    this.#lane = lane;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    lane.begin(this, environ);
  }

  get name(): string {
    return nameForLog(this.#environ);
  }

  get waitsForClient(): boolean {
    return (
      (this.#pending !== undefined && this.#pending.size > 0) ||
      this.#body?.isBehind === true ||
      this.#sendsFile ||
      this.#environ['wsgi.websocket']?.opened === true
    );
  }

  frame(kind: number, call: number, payload: Buffer): void {
    try {
      this.#take(kind, call, payload);
    } catch (error) {
      if (call === 0) this.#fail(error);
      else this.#refuse(call, error);
    }
  }

  overdue(why: string): void {
    this.#overdue = why;
  }

  moved(lane: Lane): void {
    this.#lane = lane;
  }

  lost(error: Error): boolean {
    const isPending = this.#settle !== undefined;
    if (isPending) this.#fail(error);
    const isTold = isPending || this.#body?.fail(error) === true;
    this.#end();
    return isTold;
  }

  #take(kind: number, call: number, payload: Buffer): void {
    switch (kind) {
      case FROM_PYTHON.headers: {
        const [status, headers, again] = unpack<readonly [...Head, boolean]>(payload).value;
        this.#start(status, headers, again);
        if (call !== 0) this.#answer(TO_PYTHON.ok, call);
        break;
      }
      case FROM_PYTHON.response: {
        const { value: head, rest } = unpack<Head | null>(payload);
        if (head !== null) this.#start(...head);
        this.#return([rest]);
        break;
      }
      case FROM_PYTHON.whole: {
        this.#lane.done();
        this.isDone = true;
        const { status, headers, body } = unpackWhole(payload);
        this.#start(status, headers);
        this.#return([body]);
        break;
      }
      case FROM_PYTHON.first: {
        const { value: head, rest } = unpack<Head>(payload);
        this.#start(...head);
        this.#stream().push(rest);
        break;
      }
      case FROM_PYTHON.block:
        this.#stream().push(payload);
        break;
      case FROM_PYTHON.bodyEnd:
        this.#stream().end();
        break;
      case FROM_PYTHON.failed:
        this.#fail(this.#errorOf(unpack<ToldException>(payload).value));
        break;
      case FROM_PYTHON.abandon:
        this.#abandon();
        break;
      case FROM_PYTHON.done:
        this.#lane.done();
        // A WebSocket ends with it.
        this.#return([]);
        this.#end();
        break;
      case FROM_PYTHON.output:
        logPrinted(this.name, payload.toString());
        break;
      case FROM_PYTHON.errors:
        this.#environ['wsgi.errors'].write(payload.toString());
        break;
      default:
        this.#serve(kind, call, payload);
    }
  }

  /** What Python waits for. */
  #serve(kind: number, call: number, payload: Buffer): void {
    switch (kind) {
      case FROM_PYTHON.write: {
        if (this.#write === undefined)
          throw new ApplicationError('write() was called without a valid start_response');
        const written = this.#write(payload);
        if (isPromise(written)) this.#when(asPromise(written), call, () => this.#answer(TO_PYTHON.ok, call));
        else this.#answer(TO_PYTHON.ok, call);
        break;
      }
      case FROM_PYTHON.pull:
        this.#when(this.#read(...unpack<[number, boolean]>(payload).value), call, (bytes) => {
          this.#answer(bytes.length === 0 ? TO_PYTHON.end : TO_PYTHON.bytes, call, bytes);
        });
        break;
      case FROM_PYTHON.hints:
        this.#environ['wsgi.early_hints']?.(unpack<HeaderList>(payload).value);
        this.#answer(TO_PYTHON.ok, call);
        break;
      case FROM_PYTHON.socket: {
        const { value, rest } = unpack<SocketCall>(payload);
        this.#answerWith(this.#socket.call(value, rest), call);
        break;
      }
      case FROM_PYTHON.text:
      case FROM_PYTHON.binary:
        this.#socket.send(payload, kind === FROM_PYTHON.binary, call === 0);
        break;
      case FROM_PYTHON.received:
        this.#socket.received(payload.readUInt32BE(0));
        break;
      case FROM_PYTHON.topics: {
        const { value, rest } = unpack<TopicCall>(payload);
        this.#topics ??= new TopicCalls(this.#environ);
        const answered = this.#topics.call(value, rest);
        if (call !== 0) this.#answerWith(answered, call);
        break;
      }
      case FROM_PYTHON.file:
        this.#when(this.#file(unpack<ToldFile>(payload).value, call), call, (file) => {
          if (file === undefined) this.#answer(TO_PYTHON.ok, call, NOT_SENT);
          else this.#return(file);
        });
    }
  }

  // start_response and the body

  #start(status: string, headers: HeaderList, again = false): void {
    const exc_info = again ? new ApplicationError('The application replaced its head') : undefined;
    this.#write = this.#startResponse(status, headers, exc_info);
  }

  #stream(): PythonBody {
    if (this.#body !== undefined) return this.#body;
    this.#body = new PythonBody({
      taken: (bytes) => {
        if (!this.isDone) this.#send(TO_PYTHON.taken, uint32(bytes));
      },
      closed: () => this.#closed(),
    });
    this.#return(this.#body);
    return this.#body;
  }

  /** Python waits with its `close()` until the file was sent. */
  async #file(told: ToldFile, call: number): Promise<FileWrapper | undefined> {
    const wrapper = await diskFile(told, this.#lane.pathOf(told.descriptor));
    if (wrapper === undefined) return undefined;
    const { close } = wrapper;
    this.#sendsFile = true;
    const closeAll = async () => {
      this.#sendsFile = false;
      await close?.();
      this.#answer(TO_PYTHON.ok, call, SENT);
      await this.#closed();
    };
    return Object.defineProperty(wrapper, 'close', { value: closeAll });
  }

  #return(body: Body): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve(body);
  }

  #fail(error: unknown): void {
    const settle = this.#settle;
    this.#settle = undefined;
    if (settle !== undefined) settle.reject(error);
    else if (this.#body?.fail(error) !== true) logLateError(this.name, error, this.#environ);
  }

  /** Python does not go on with a body that nobody wants; settles when it is done. */
  #closed(): Promise<void> | undefined {
    if (this.isDone) return undefined;
    this.#topics?.end();
    this.#send(TO_PYTHON.gone, NOTHING);
    return new Promise((resolve) => {
      this.#whenDone = resolve;
    });
  }

  #end(): void {
    this.isDone = true;
    this.#topics?.end();
    this.#whenDone?.();
  }

  // What Python asks for

  get #socket(): PythonSocket {
    this.#ownSocket ??= new PythonSocket(this.#environ['wsgi.websocket'], (kind, payload) =>
      this.#answer(kind, 0, payload),
    );
    return this.#ownSocket;
  }

  async #read(size: number, all: boolean): Promise<Buffer> {
    if (this.#body !== undefined) {
      // Python has sent a block: 100 Continue must not come before the head that goes with it.
      await this.#body.begun;
      await nextTurn();
    }
    return readBody(this.#environ, size, all);
  }

  #when<T>(promise: Promise<T>, call: number, next: (value: T) => void): void {
    this.#pending ??= new Set();
    const pending = this.#pending.add(call);
    promise.then(
      (value) => {
        if (pending.delete(call)) next(value);
      },
      (error) => {
        if (pending.delete(call)) this.#refuse(call, error);
      },
    );
  }

  #answerWith(promise: Promise<Uint8Array>, call: number): void {
    this.#when(promise, call, (packed) => this.#answer(TO_PYTHON.ok, call, packed));
  }

  /** Threads that the application has left behind wait no longer. */
  #abandon(): void {
    this.#ownSocket?.abandon();
    for (const call of this.#pending ?? []) this.#refuse(call, closedError(ALREADY_CLOSED));
    this.#pending?.clear();
  }

  #refuse(call: number, error: unknown): void {
    this.#errors ??= new Map();
    this.#errors.set(call, error);
    this.#answer(TO_PYTHON.error, call, packError(error));
  }

  #answer(kind: number, call: number, payload: Uint8Array = NOTHING): void {
    if (!this.isDone) this.#lane.send(kind, call, payload);
  }

  #send(kind: number, payload: Uint8Array): void {
    this.#lane.send(kind, 0, payload);
  }

  /** What Python let through is the error that it was given, with its status. */
  #errorOf(told: ToldException): unknown {
    const own = this.#errors?.get(told.call);
    if (own !== undefined && !(own instanceof ApplicationError)) return own;
    const isOverdue = this.#overdue !== undefined && told.type === 'KeyboardInterrupt';
    return new PythonError(
      isOverdue ? { ...told, type: 'AssertionError', message: this.#overdue ?? '' } : told,
    );
  }
}
