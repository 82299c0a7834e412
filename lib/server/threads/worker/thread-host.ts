/** What runs in a thread: takes one request after another, and calls the application for each. */
import { threadId } from 'node:worker_threads';
import { Aborter } from '../../../current-request.js';
import { buildEnviron, type GatewayFacts, gatewayFacts } from '../../../environ/environ.js';
import { BlockingBodyInput } from '../../../environ/input/input.js';
import type { BlockingApplication, BlockingEnviron, HeaderList } from '../../../environ/types.js';
import { closedError, SOCKET_DEAD } from '../../../environ/websocket/error.js';
import { BlockingWebSocket } from '../../../environ/websocket/websocket.js';
import { ClientDisconnected } from '../../../errors.js';
import { Interpreter } from '../../../interpreter/interpreter.js';
import { report } from '../../../interpreter/report.js';
import { checkEarlyHints } from '../../../interpreter/response-head.js';
import { type Forwarded, forwardedFor } from '../../http/forwarded.js';
import { Blocks } from '../shared/blocks.js';
import { encodeList, FROM_THREAD, type Mount } from '../shared/messages.js';
import { type QueuedRequest, RequestQueue } from '../shared/request-queue.js';
import type { ThreadData, ThreadReport } from '../shared/thread-data.js';
import { ALLOWANCE, RUNS, ThreadLine } from '../shared/thread-line.js';
import { BlockingTopics } from './blocking-topics.js';
import { threadErrors } from './thread-output.js';
import { type ThreadChannel, ThreadPost } from './thread-post.js';
import { ThreadSink } from './thread-sink.js';
import { ThreadSocket } from './thread-socket.js';

/** Milliseconds of work after which the application's own timers and promises have a turn. */
const TURN_MS = 10;
/** Milliseconds that an idle thread sleeps before timers that keep no process alive have a turn. */
const IDLE_MS = 250;

export class ThreadHost {
  readonly #data: ThreadData;
  readonly #queue: RequestQueue;
  readonly #line: ThreadLine;
  readonly #channel: ThreadChannel;
  readonly #forwarded: Forwarded | undefined;
  readonly #turn = () => this.#work();
  #facts: GatewayFacts;
  #application: BlockingApplication | undefined;
  /** The request that the thread has. */
  #current: { readonly post: ThreadPost; readonly isUpgrade: boolean } | undefined;
  /** What the event loop has without the application. */
  #ownResources = 0;
  /** Handlers that wait on the event loop although their client has closed: the thread has gone on to other requests. */
  readonly #outlived = new Set<Promise<unknown>>();
  /** `publish` and `subscribe` here. */
  readonly topics: BlockingTopics;

  constructor(data: ThreadData) {
    const { options } = data;
    this.#data = data;
    this.#queue = new RequestQueue(data.queue);
    this.#line = new ThreadLine(data.line);
    const { bodies } = data;
    this.#channel = { line: this.#line, queue: this.#queue, blocks: new Blocks(data.blocks), bodies };
    this.topics = new BlockingTopics(data.port, this.#post);
    this.#forwarded = forwardedFor(options);
    // Each thread has memory of its own, as a process has: that is what `wsgi.multiprocess` is about (PEP 3333).
    const differing = { multiprocess: true, nonblocking: false };
    this.#facts = gatewayFacts(options, threadErrors(options.errorLogfile, data.log.style), differing);
  }

  /** The application is there: requests are taken once the script that has it has run to its end. */
  attach(application: BlockingApplication, baseEnviron: GatewayFacts['baseEnviron']): void {
    if (this.#application !== undefined) return;
    this.#application = application;
    this.#facts = { ...this.#facts, baseEnviron };
    this.say({ ready: true });
    // Keeps the thread alive: waiting for shared memory does not.
    this.#data.port.ref();
    this.#ownResources = process.getActiveResourcesInfo().length;
    setImmediate(this.#turn);
  }

  get attached(): boolean {
    return this.#application !== undefined;
  }

  say(message: ThreadReport): void {
    this.#data.port.postMessage(message);
  }

  /** Python's `time.sleep`: blocks. @throws ClientDisconnected or WebSocketError if the client closes meanwhile. */
  sleep(milliseconds: number): void {
    const post = this.#post();
    if (post.pause(milliseconds)) return;
    throw this.#current?.isUpgrade && !post.over ? closedError(SOCKET_DEAD) : new ClientDisconnected();
  }

  /** Of the request that the thread has, or of none. */
  readonly #post = (): ThreadPost => this.#current?.post ?? new ThreadPost(this.#channel, this.#line.current);

  /** Takes requests until there are none, or one is not answered when its call returns. */
  #work(): void {
    const queue = this.#queue;
    const began = performance.now();
    for (;;) {
      if (!this.#isFree()) {
        setImmediate(this.#turn);
        return;
      }
      const seen = queue.work;
      const request = queue.claim(threadId, (id) => {
        this.#line.current = id;
        this.#line.waitWhileRetired();
      });
      if (request !== undefined) {
        if (!this.#serve(request)) return;
        if (performance.now() - began < TURN_MS) continue;
        setImmediate(this.#turn);
        return;
      }
      if (queue.stopping) {
        void Promise.all(this.#outlived).then(() => process.exit());
        return;
      }
      this.#idle(seen);
      return;
    }
  }

  /**
   * No client may wait for another one: while the client of the last response has much to take, the thread takes no
   * request. Blocks for a while until then.
   */
  #isFree(): boolean {
    const line = this.#line;
    if (line.unsettled <= ALLOWANCE) return true;
    this.#queue.bell.ring();
    return line.block(RUNS, () => line.unsettled <= ALLOWANCE || this.#queue.stopping, IDLE_MS);
  }

  /** There is no request: promises and timers have a turn, then the thread sleeps. */
  #idle(seen: number): void {
    setImmediate(() => {
      // An application with timers and sockets of its own needs the event loop, which costs more than plain sleep.
      if (process.getActiveResourcesInfo().length <= this.#ownResources) {
        this.#queue.wait(this.#data.place, seen, IDLE_MS);
        this.#work();
        return;
      }
      const woken = this.#queue.waitAsync(this.#data.place, seen);
      if (woken === undefined) this.#work();
      else woken.then(this.#turn);
    });
  }

  /** False if the application goes on by itself; `#work` is then called once it is done. */
  #serve(request: QueuedRequest): boolean {
    const post = new ThreadPost(this.#channel, request.id);
    const message = post.message(request);
    if (message === undefined) {
      post.send(FROM_THREAD.done);
      post.notify();
      this.#line.current = 0;
      return true;
    }
    const application = this.#application as BlockingApplication;
    const { head, connection, handshake, mount } = message;
    const aborter = new Aborter();
    const sink = new ThreadSink(post);
    const interpreter = new Interpreter(sink, head, report);
    this.#current = { post, isUpgrade: handshake !== undefined };
    try {
      const environ = buildEnviron(head, connection, this.#factsOf(mount), {
        input: new BlockingBodyInput(post.body(request)),
        aborter,
        earlyHints: this.#data.hints ? (headers) => sendHints(post, headers) : undefined,
      });
      if (mount !== undefined) environ.REQUEST_URI = environ.RAW_URI = mount.uri;
      this.#forwarded?.apply(environ);
      if (handshake !== undefined) {
        sink.websocket = addWebSocket(environ, new ThreadSocket(post, handshake, sink));
      }
      interpreter.run(application, environ);
    } catch (error) {
      interpreter.fail(error);
    }
    if (sink.isDone) {
      this.#finish(aborter, sink);
      return true;
    }
    sink.onDone = (rest) => {
      if (rest !== undefined) this.#outlive(rest);
      this.#finish(aborter, sink);
      setImmediate(this.#turn);
    };
    this.#watch(interpreter, aborter, sink);
    return false;
  }

  #factsOf(mount: Mount | undefined): GatewayFacts {
    const { scriptName } = this.#facts;
    return mount === undefined || scriptName !== ''
      ? this.#facts
      : { ...this.#facts, scriptName: mount.scriptName };
  }

  #outlive(rest: Promise<unknown>): void {
    this.#outlived.add(rest);
    void rest.then(() => this.#outlived.delete(rest));
  }

  /** The request is done: the thread takes another one. */
  #finish(aborter: Aborter, sink: ThreadSink): void {
    sink.websocket?.finish();
    this.topics.endRequest();
    if (this.#line.clientEnded) aborter.abort(new ClientDisconnected());
    this.#line.current = 0;
    this.#current = undefined;
  }

  /** While the application waits on the event loop: there it learns that its client has closed. */
  #watch(interpreter: Interpreter, aborter: Aborter, sink: ThreadSink): void {
    for (;;) {
      if (sink.isDone) return;
      const seen = this.#line.wakes;
      if (this.#line.clientEnded) aborter.abort(new ClientDisconnected());
      if (this.#line.clientClosed) {
        interpreter.disconnect();
        return;
      }
      const woken = this.#line.waitAsync(seen);
      if (woken === undefined) continue;
      woken.then(() => this.#watch(interpreter, aborter, sink));
      return;
    }
  }
}

function sendHints(post: ThreadPost, headers: HeaderList): void {
  post.send(FROM_THREAD.earlyHints, 0, encodeList(checkEarlyHints(headers)));
  post.notify();
}

function addWebSocket(environ: BlockingEnviron, line: ThreadSocket): BlockingWebSocket {
  const socket = BlockingWebSocket.make(environ, line);
  environ['wsgi.websocket'] = socket;
  environ['wsgi.websocket_version'] = String(line.version);
  return socket;
}
