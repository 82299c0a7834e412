/** Topics between a parent and its workers: each message goes once to each process, over the channel between them. */
import { logger } from '../../logger.js';
import { costOfMessage, type Member, type TopicLink, type TopicMessage, topics } from '../../topics.js';

/** A message of a topic, as JSON has it: bytes as base64. */
export interface TopicNote {
  readonly topic: string;
  readonly text?: string;
  readonly base64?: string;
}

/** The way to the other process. */
export interface TopicWire {
  /** @param sent called when the other process has it, or cannot get it. */
  publish(note: TopicNote, sent: () => void): void;
  /** Messages were dropped, for the other process does not take them. */
  lost(): void;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
}

/** Bytes that may wait for the other process, which may be stuck in a handler, or stopped. */
const MOST_WAITING = 64 * 1024 * 1024;

/**
 * One end. Every message goes to every worker: a subscription is in force when `subscribe` has returned, wherever it is
 * published after that, so no process can know in time that another has no members.
 */
export class WorkerTopics implements TopicLink, Member {
  readonly #wire: TopicWire;
  readonly #name: string;
  readonly #disconnect: () => void;
  /** What the other process has members of. */
  readonly #joined = new Set<string>();
  #waiting = 0;
  #losing = false;

  /** @param name of the other process, for the log. */
  constructor(wire: TopicWire, name: string) {
    this.#wire = wire;
    this.#name = name;
    this.#disconnect = topics.connect(this);
  }

  subscribe(topic: string): void {
    this.#wire.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    this.#wire.unsubscribe(topic);
  }

  publish(topic: string, message: TopicMessage): void {
    if (this.#losing) return;
    if (this.#waiting > MOST_WAITING) {
      this.#losing = true;
      logger.error(
        `${this.#name} takes no messages of topics: more than ${MOST_WAITING} bytes wait for it, and what is published ` +
          'meanwhile is dropped. Its subscribers are closed with 1013',
      );
      return;
    }
    const cost = costOfMessage(message.length);
    this.#waiting += cost;
    this.#wire.publish(noteOf(topic, message), () => this.#sent(cost));
  }

  /** As the member that stands for those of the other process: it gets the message as a link. */
  onPublication(): void {}

  /** The other process has its first member of a topic. */
  joined(topic: string): void {
    this.#joined.add(topic);
    topics.join(topic, this);
  }

  left(topic: string): void {
    if (this.#joined.delete(topic)) topics.leave(topic, this);
  }

  /** The other process has published. */
  received({ topic, text, base64 = '' }: TopicNote): void {
    void topics.publish(topic, text ?? Buffer.from(base64, 'base64'), this);
  }

  /** The other process has dropped messages: members here would not know what they missed. */
  missed(): void {
    topics.missed();
  }

  /** The other process has ended. */
  end(): void {
    this.#disconnect();
    for (const topic of this.#joined) topics.leave(topic, this);
    this.#joined.clear();
  }

  #sent(cost: number): void {
    this.#waiting -= cost;
    if (!this.#losing || this.#waiting > 0) return;
    this.#losing = false;
    this.#wire.lost();
  }
}

function noteOf(topic: string, message: TopicMessage): TopicNote {
  if (typeof message === 'string') return { topic, text: message };
  const { buffer, byteOffset, byteLength } = message;
  return { topic, base64: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
}
