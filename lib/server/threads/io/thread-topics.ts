/** The I/O thread's side of `publish` and `subscribe` in a thread: it publishes, and keeps messages until the thread wants them. */
import type { MessagePort } from 'node:worker_threads';
import { RequestScope, type RequestServer } from '../../../current-request.js';
import { nativeToText } from '../../../environ/native-string.js';
import type { WebSocket } from '../../../environ/websocket/websocket.js';
import { MessageQueue } from '../../../subscription.js';
import { topics } from '../../../topics.js';
import { type Blocks, NONE } from '../shared/blocks.js';
import { encodeError, FROM_THREAD, MORE, OTHERS, type TopicReport } from '../shared/messages.js';
import type { Frame } from '../shared/ring.js';
import { costOf, type ThreadLine } from '../shared/thread-line.js';

/** The request that a call of `publish` or `subscribe` came with. */
export interface TopicRequest {
  /** Where it came to. */
  readonly server: RequestServer | undefined;
  /** Publishes to all but itself. */
  readonly websocket: Pick<WebSocket, 'publish'> | undefined;
}

/** Bytes that a thread gets at a time. */
const BATCH = 64 * 1024;

export class ThreadTopics {
  readonly #line: ThreadLine;
  readonly #blocks: Blocks;
  readonly #port: MessagePort;
  /** What `subscribe()` in the thread follows, by the number that the thread gave it. */
  readonly #followed = new Map<number, Followed>();
  /** Of a message that comes in several frames. */
  #pieces: Buffer[] = [];
  /** What the thread has published in this turn of the event loop. */
  #cost = 0;
  /** Until when the thread should wait, of the last message. */
  #paced: void | Promise<void> = undefined;

  constructor(line: ThreadLine, blocks: Blocks, port: MessagePort) {
    this.#line = line;
    this.#blocks = blocks;
    this.#port = port;
  }

  /** @param request that it came with, if that is still known. */
  take(frame: Frame, request: TopicRequest | undefined): void {
    switch (frame.type) {
      case FROM_THREAD.follow:
        this.#follow(frame.text, request?.server);
        break;
      case FROM_THREAD.unfollow:
        this.#followed.get(Number(frame.text))?.close();
        this.#followed.delete(Number(frame.text));
        break;
      case FROM_THREAD.next:
        this.#followed.get(Number(frame.text))?.ask();
        break;
      default:
        this.#publish(frame, request);
    }
  }

  /** The thread takes no part any more. */
  end(): void {
    for (const followed of this.#followed.values()) followed.close();
    this.#followed.clear();
  }

  #follow(text: string, server: RequestServer | undefined): void {
    const at = text.indexOf('\n');
    const number = Number(text.slice(0, at));
    const tell = (report: Omit<TopicReport, 'followed'>) => {
      this.#port.postMessage({ followed: number, ...report } satisfies TopicReport);
      this.#line.wake();
    };
    this.#followed.set(number, new Followed(nativeToText(text.slice(at + 1)), server, tell));
  }

  #publish(frame: Frame, request: TopicRequest | undefined): void {
    const { block, bytes, flags, length, text, type } = frame;
    this.#pieces.push(block === NONE ? bytes : this.#blocks.read(block, length));
    if (block !== NONE) this.#blocks.free(block);
    this.#charge(costOf(length));
    if ((flags & MORE) !== 0) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    const whole = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    const publisher = (flags & OTHERS) === 0 ? topics : (request?.websocket ?? topics);
    const message = type === FROM_THREAD.publishText ? whole.toString() : whole;
    this.#paced = publisher.publish(nativeToText(text), message);
  }

  /** The thread waits when it has published much, until sockets had a turn in which they could send. */
  #charge(cost: number): void {
    if (this.#cost === 0) {
      setImmediate(async () => {
        await this.#paced;
        this.#line.settle(this.#cost);
        this.#cost = 0;
      });
    }
    this.#cost += cost;
  }
}

/** One topic that a thread follows. */
class Followed {
  readonly #queue: MessageQueue;
  readonly #tell: (report: Omit<TopicReport, 'followed'>) => void;
  #asked = false;

  constructor(
    topic: string,
    server: RequestServer | undefined,
    tell: (report: Omit<TopicReport, 'followed'>) => void,
  ) {
    this.#tell = tell;
    // Its own: the thread knows by itself when its client has left; a stop is known here.
    this.#queue = new MessageQueue(topic, [new RequestScope(server)]);
    this.#queue.onChange = () => {
      if (this.#asked) this.ask();
    };
  }

  /** The thread wants all that is here, or else the next. */
  ask(): void {
    this.#asked = true;
    const messages: (string | Buffer)[] = [];
    let error: string | undefined;
    let size = 0;
    try {
      while (size < BATCH) {
        const message = this.#queue.take();
        if (message === undefined) break;
        size += message.length + 1;
        messages.push(message);
      }
    } catch (thrown) {
      error = encodeError(thrown).toString();
    }
    const isEnd = error !== undefined || (this.#queue.closed && messages.length === 0);
    if (!isEnd && messages.length === 0) return;
    this.#asked = false;
    this.#tell({ messages, end: isEnd ? { ...(error !== undefined && { error }) } : undefined });
  }

  close(): void {
    this.#queue.onChange = undefined;
    this.#queue.close();
  }
}
