/** What runs in a thread: takes one request after another, and calls the application for each. */

import { Aborter } from '../../../environ/abort-signal.js';
import { buildEnviron, type GatewayFacts } from '../../../environ/environ.js';
import { fileWrapper } from '../../../environ/file/file-wrapper.js';
import { BlockingBodyInput, type BlockingSource } from '../../../environ/input/blocking-input.js';
import { textToNative } from '../../../environ/native-string.js';
import type { BlockingApplication, BlockingEnviron, HeaderList } from '../../../environ/types.js';
import { goneError, SOCKET_DEAD } from '../../../environ/websocket/error.js';
import { BlockingWebSocket } from '../../../environ/websocket/websocket.js';
import { ClientDisconnected } from '../../../errors.js';
import { checkEarlyHints } from '../../../interpreter/early-hints.js';
import { Interpreter } from '../../../interpreter/interpreter.js';
import { report } from '../../../interpreter/report.js';
import { type Forwarded, forwardedFor } from '../../http/forwarded.js';
import { Blocks } from '../shared/blocks.js';
import {
  decodeError,
  decodeRequest,
  encodeList,
  FROM_THREAD,
  HAS_BODY,
  type RequestMessage,
  TO_THREAD,
  WHOLE_BODY,
} from '../shared/messages.js';
import { ALLOWANCE } from '../shared/outflow.js';
import { type QueuedRequest, RequestQueue } from '../shared/request-queue.js';
import type { ThreadData, ThreadReport } from '../shared/thread-data.js';
import { RUNS, ThreadLine } from '../shared/thread-line.js';
import { threadErrors } from './thread-errors.js';
import { type ThreadChannel, ThreadPost } from './thread-post.js';
import { ThreadSink } from './thread-sink.js';
import { ThreadSocket } from './thread-socket.js';

/** Milliseconds of work after which the thread's own timers and promises get a turn. */
const TURN_MS = 10;
/** Milliseconds that an idle thread sleeps before it looks after timers that keep nothing alive. */
const IDLE_MS = 250;

export class ThreadHost {
  readonly #data: ThreadData;
  readonly #queue: RequestQueue;
  readonly #line: ThreadLine;
  readonly #channel: ThreadChannel;
  #aborter: Aborter | undefined;
  readonly #forwarded: Forwarded | undefined;
  readonly #turn = () => this.#work();
  #facts: GatewayFacts;
  #application: BlockingApplication | undefined;
  #post: ThreadPost | undefined;
  #isUpgrade = false;
  /** Of the event loop: what the thread has without the application. */
  #ownResources = 0;
  #turnBegan = 0;
  /** Handlers that wait on the event loop, though their client has left: the thread has gone on to other requests. */
  readonly #outlived = new Set<Promise<unknown>>();

  constructor(data: ThreadData) {
    const { options } = data;
    this.#data = data;
    this.#queue = new RequestQueue(data.queue);
    this.#line = new ThreadLine(data.line);
    this.#channel = {
      serial: data.serial,
      line: this.#line,
      queue: this.#queue,
      blocks: new Blocks(data.blocks),
    };
    this.#forwarded = forwardedFor(options);
    this.#facts = {
      serverSoftware: options.ident || 'wsgi',
      multithread: false,
      // Each thread has memory of its own, as a process has: that is what the flag is about (PEP 3333).
      multiprocess: true,
      runOnce: false,
      nonblocking: false,
      errors: threadErrors(options.errorLogfile),
      fileWrapper,
      scriptName: textToNative(options.scriptName),
      baseEnviron: undefined,
    };
  }

  /** The application is there: requests are taken once the script that brought it is through. */
  attach(application: BlockingApplication, baseEnviron: GatewayFacts['baseEnviron']): void {
    if (this.#application !== undefined) return;
    this.#application = application;
    this.#facts = { ...this.#facts, baseEnviron };
    this.say({ ready: true });
    // Keeps the thread: waiting for shared memory does not.
    this.#data.port.on('message', ignore);
    this.#ownResources = process.getActiveResourcesInfo().length;
    setImmediate(this.#turn);
  }

  get attached(): boolean {
    return this.#application !== undefined;
  }

  say(message: ThreadReport): void {
    this.#data.port.postMessage(message);
  }

  /** Python's `time.sleep`: blocks. @throws ClientDisconnected or WebSocketError if the client leaves meanwhile. */
  sleep(milliseconds: number): void {
    const post = this.#post ?? new ThreadPost(this.#channel, this.#line.current);
    if (post.pause(milliseconds)) return;
    throw this.#isUpgrade && !post.gone ? goneError(SOCKET_DEAD) : new ClientDisconnected();
  }

  /** Takes requests until there are none, or one is not answered when its call returns. */
  #work(): void {
    const queue = this.#queue;
    this.#turnBegan = performance.now();
    for (;;) {
      if (!this.#isFree()) {
        setImmediate(this.#turn);
        return;
      }
      const seen = queue.work;
      const request = queue.claim(this.#data.serial, (id) => {
        this.#line.current = id;
        this.#line.waitWhileRetired();
      });
      if (request !== undefined) {
        if (!this.#serve(request)) return;
        if (performance.now() - this.#turnBegan < TURN_MS) continue;
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
   * No client may wait for another one: while the thread answers for much of its last response, it takes no request.
   * Blocks for a while until then.
   */
  #isFree(): boolean {
    const line = this.#line;
    if (line.unsettled <= ALLOWANCE) return true;
    this.#queue.ring();
    return line.block(RUNS, IDLE_MS, () => line.unsettled <= ALLOWANCE || this.#queue.stopping);
  }

  /** Nothing to do: lets promises and timers go on, and sleeps. */
  #idle(seen: number): void {
    setImmediate(() => {
      // An application with timers and sockets of its own needs the event loop, which costs more than plain sleep.
      if (process.getActiveResourcesInfo().length <= this.#ownResources) {
        this.#queue.wait(seen, IDLE_MS);
        this.#work();
        return;
      }
      const woken = this.#queue.waitAsync(seen);
      if (woken === undefined) this.#work();
      else woken.then(this.#turn);
    });
  }

  /** False if the application goes on by itself; `#work` is then called when it is through. */
  #serve(request: QueuedRequest): boolean {
    const post = new ThreadPost(this.#channel, request.id);
    const message = messageOf(request, post);
    if (message === undefined) {
      post.send(FROM_THREAD.done);
      post.ring();
      this.#leave(undefined);
      return true;
    }
    this.#post = post;
    const application = this.#application as BlockingApplication;
    const { head, connection, handshake } = message;
    this.#isUpgrade = handshake !== undefined;
    const door: { socket?: BlockingWebSocket } = {};
    const sink = new ThreadSink(post, {
      get opened() {
        return door.socket?.opened === true;
      },
    });
    const interpreter = new Interpreter(sink, head, report);
    this.#aborter = new Aborter();
    try {
      const environ = buildEnviron(head, connection, this.#facts, {
        input: new BlockingBodyInput(bodyOf(request, post)),
        aborter: this.#aborter,
        earlyHints: (headers: HeaderList) => {
          post.send(FROM_THREAD.earlyHints, 0, encodeList(checkEarlyHints(headers)));
          post.ring();
        },
      });
      this.#forwarded?.apply(environ);
      if (handshake !== undefined) door.socket = openDoor(environ, new ThreadSocket(post, handshake, sink));
      interpreter.run(application, environ);
    } catch (error) {
      interpreter.fail(error);
    }
    if (sink.over) {
      this.#leave(door.socket);
      return true;
    }
    sink.onOver = () => {
      if (sink.rest !== undefined) this.#outlive(sink.rest);
      this.#leave(door.socket);
      setImmediate(this.#turn);
    };
    this.#watch(interpreter, sink);
    return false;
  }

  #abort(): void {
    this.#aborter?.abort(new ClientDisconnected());
  }

  #outlive(rest: Promise<unknown>): void {
    this.#outlived.add(rest);
    void rest.then(() => this.#outlived.delete(rest));
  }

  #leave(socket: BlockingWebSocket | undefined): void {
    socket?.finish();
    if (this.#line.ended) this.#abort();
    this.#line.current = 0;
    this.#post = undefined;
  }

  /** While the application waits on the event loop: it learns there that its client is gone. */
  #watch(interpreter: Interpreter, sink: ThreadSink): void {
    for (;;) {
      if (sink.over) return;
      const seen = this.#line.rings;
      if (this.#line.ended) this.#abort();
      if (this.#line.gone) {
        interpreter.disconnect();
        return;
      }
      const rung = this.#line.listen(seen);
      if (rung === undefined) continue;
      rung.then(() => this.#watch(interpreter, sink));
      return;
    }
  }
}

/** Undefined if the client left before all of it was here. */
function messageOf({ text }: QueuedRequest, post: ThreadPost): RequestMessage | undefined {
  const whole = text ?? post.fetchHead();
  return whole === undefined ? undefined : decodeRequest(whole);
}

function bodyOf(request: QueuedRequest, post: ThreadPost): BlockingSource | undefined {
  if ((request.flags & WHOLE_BODY) !== 0) return wholeBody(request, post);
  return (request.flags & HAS_BODY) === 0 ? undefined : pulledBody(post);
}

/** It came with the head; behind it, where that was too long for the queue. */
function wholeBody({ text, body }: QueuedRequest, post: ThreadPost): BlockingSource {
  let whole = text === undefined ? post.receive()?.bytes : body;
  return {
    pull() {
      const bytes = whole ?? null;
      whole = undefined;
      return bytes;
    },
  };
}

function pulledBody(post: ThreadPost): BlockingSource {
  let asked = false;
  let failure: Error | undefined;
  return {
    pull() {
      if (failure !== undefined) throw failure;
      if (!asked) post.send(FROM_THREAD.pull);
      asked = true;
      const frame = post.receive();
      if (frame !== undefined && frame.type !== TO_THREAD.error) {
        return frame.type === TO_THREAD.bodyEnd ? null : frame.bytes;
      }
      // Nothing comes behind it: a later read fails as well.
      failure = frame === undefined ? new ClientDisconnected() : decodeError(frame.bytes);
      throw failure;
    },
  };
}

function openDoor(environ: BlockingEnviron, line: ThreadSocket): BlockingWebSocket {
  const socket = BlockingWebSocket.make(environ, line);
  environ['wsgi.websocket'] = socket;
  environ['wsgi.websocket_version'] = String(line.version);
  return socket;
}

function ignore(): void {}
