/** Topics: who has subscribed to which in this process, and how a message reaches all of them. Knows no socket and no server. */
import { inspect } from 'node:util';
import { isUint8Array } from 'node:util/types';
import { describeThrown, logger } from './logger.js';

/** What is published: text, or bytes. */
export type TopicMessage = string | Uint8Array;

/** Carries topics between processes. What comes from it is published in turn by `Topics.publish`, with it as `from`. */
export interface TopicLink {
  /** Begins to carry what others publish on `topic`. Called once for each topic that has members here; a trailing * is a prefix. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  publish(topic: string, message: TopicMessage): void;
}

/** Carries topics between servers. */
export interface Channels extends TopicLink {
  close(): Promise<void>;
  /** For the status of the server; without it there is always a connection. */
  state?(): ChannelsState;
}

export interface ChannelsState {
  readonly connected: boolean;
  /** How often the connection was lost. */
  readonly lost: number;
  /** How many messages others did not get, because there was no connection, or it was too slow. */
  readonly dropped: number;
}

/** Who gets messages: a WebSocket, or an iterable that `subscribe()` gave. */
export interface Member {
  /** Called once for each message, however many of its topics match. */
  onPublication(publication: Publication): void;
  /** Messages were lost on their way here: a subscriber that cannot know which is better off without a connection. */
  onMissed?(): void;
}

/** One message to all members of a topic. */
export class Publication {
  readonly topic: string;
  readonly isText: boolean;
  #text: string | undefined;
  #bytes: Buffer | undefined;
  /** What was made of it for members, by kind. */
  readonly #made = new Map<string, Buffer>();

  /** Bytes are copied: the publisher may use its own again. */
  constructor(topic: string, message: TopicMessage) {
    this.topic = topic;
    this.isText = typeof message === 'string';
    if (typeof message === 'string') this.#text = message;
    else this.#bytes = Buffer.from(message);
  }

  /** As `receive()` of a WebSocket gives messages. */
  get message(): string | Buffer {
    return this.#text ?? this.bytes;
  }

  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.#text as string);
    return this.#bytes;
  }

  /** What `make` makes of it, once for all members that want the same kind. */
  once(kind: string, make: (publication: Publication) => Buffer): Buffer {
    let made = this.#made.get(kind);
    if (made === undefined) {
      made = make(this);
      this.#made.set(kind, made);
    }
    return made;
  }
}

/** What a queued message costs beside its bytes: objects, and a place in the queue. */
const MESSAGE_COST = 256;

/** What a message counts for in a queue that is bounded by bytes. */
export function costOfMessage(bytes: number): number {
  return bytes + MESSAGE_COST;
}

const MOST_CHARACTERS = 1024;

/** @throws TypeError for what is not a topic. */
export function checkTopic(topic: string): void {
  const isTopic = typeof topic === 'string' && topic.length > 0 && topic.length <= MOST_CHARACTERS;
  // A lone half of a pair has no form as bytes, in which topics travel.
  if (isTopic && !/\p{Surrogate}/u.test(topic)) return;
  const shown = typeof topic === 'string' ? inspect(topic.slice(0, 40)) : inspect(topic, { depth: 0 });
  throw new TypeError(`A topic is a string of 1 to ${MOST_CHARACTERS} characters, not ${shown}`);
}

/** @throws TypeError for what cannot be published there. */
export function checkPublication(topic: string, message: TopicMessage): void {
  checkTopic(topic);
  if (topic.endsWith('*')) {
    throw new TypeError(
      `publish() takes one topic, and ${inspect(topic)} stands for all that begin so: leave out the *`,
    );
  }
  if (typeof message === 'string' || isUint8Array(message)) return;
  throw new TypeError(`publish() takes text or bytes, not ${inspect(message, { depth: 0 })}`);
}

/** Bytes that may be published in one turn of the event loop before the publisher is asked to wait for the next. */
const MOST_IN_TURN = 1024 * 1024;

/** Milliseconds that it is to wait at most where members have not read what came before: no longer, for some never read. */
const PATIENCE_MS = 20;

/** A member that messages wait for. */
export interface SlowMember {
  /** It is this process that takes the time: it will be done, whatever the peer does. */
  readonly working: boolean;
}

type Room = Set<Member>;

export class Topics {
  readonly #rooms = new Map<string, Room>();
  /** Of topics with a trailing *, by what is before it. */
  readonly #prefixes = new Map<string, Room>();
  /** With whether each leads out of this server: what comes over one of those goes to none of them. */
  readonly #links = new Map<TopicLink, boolean>();
  /** Members that have not read what was sent to them, or for which it is being compressed, so that more waits here. */
  readonly behind = new Set<SlowMember>();
  /** Those of them that the end of this turn waits for. */
  #awaited: SlowMember[] | undefined;
  /** Bytes that were published in this turn. */
  #inTurn = 0;
  #turn: { promise: Promise<void>; resolve(): void } | undefined;

  /** Joining twice is as good as once. */
  join(topic: string, member: Member): void {
    const [rooms, name] = this.#placeOf(topic);
    const room = rooms.get(name);
    if (room !== undefined) {
      room.add(member);
      return;
    }
    rooms.set(name, new Set([member]));
    this.#tellLinks((link) => link.subscribe(topic));
  }

  leave(topic: string, member: Member): void {
    const [rooms, name] = this.#placeOf(topic);
    const room = rooms.get(name);
    if (!room?.delete(member) || room.size > 0) return;
    rooms.delete(name);
    this.#tellLinks((link) => link.unsubscribe(topic));
  }

  /** All that have members, as they were subscribed to. */
  get names(): string[] {
    return [...this.#rooms.keys(), ...[...this.#prefixes.keys()].map((prefix) => `${prefix}*`)];
  }

  /**
   * From now on `link` carries what is published here, and what has members here.
   * @param outer it leads to other servers.
   * @returns takes it away again.
   */
  connect(link: TopicLink, outer = false): () => void {
    this.#links.set(link, outer);
    for (const topic of this.names) link.subscribe(topic);
    return () => this.#links.delete(link);
  }

  /**
   * To all members, and over all links.
   * @param from the member or link that it came from, which does not get it.
   * @returns a promise where much was published in this turn of the event loop: sockets have time to send until then.
   */
  publish(topic: string, message: TopicMessage, from?: Member | TopicLink): void | Promise<void> {
    const publication = new Publication(topic, message);
    for (const member of this.#membersOf(topic) ?? []) {
      if (member !== from) member.onPublication(publication);
    }
    if (this.#links.size > 0) {
      const cameFromOutside = this.#links.get(from as TopicLink) === true;
      this.#tellLinks((link, outer) => {
        if (link !== from && !(outer && cameFromOutside)) link.publish(topic, publication.message);
      });
    }
    return this.#pace(message.length);
  }

  /** Messages did not reach this process: all members are told. */
  missed(): void {
    const all = new Set([...this.#rooms.values(), ...this.#prefixes.values()].flatMap((room) => [...room]));
    for (const member of all) member.onMissed?.();
  }

  #placeOf(topic: string): [rooms: Map<string, Room>, name: string] {
    return topic.endsWith('*') ? [this.#prefixes, topic.slice(0, -1)] : [this.#rooms, topic];
  }

  /** Each once, however many of its topics match. */
  #membersOf(topic: string): ReadonlySet<Member> | undefined {
    const room = this.#rooms.get(topic);
    if (this.#prefixes.size === 0) return room;
    const all = new Set(room);
    for (const [prefix, members] of this.#prefixes) {
      if (topic.startsWith(prefix)) for (const member of members) all.add(member);
    }
    return all;
  }

  #tellLinks(tell: (link: TopicLink, outer: boolean) => void): void {
    for (const [link, outer] of this.#links) {
      try {
        tell(link, outer);
      } catch (error) {
        logger.error(`What carries topics between servers failed\n${describeThrown(error)}`);
      }
    }
  }

  #pace(bytes: number): void | Promise<void> {
    if (this.#inTurn === 0) setImmediate(() => this.#turnOver());
    this.#inTurn += costOfMessage(bytes);
    if (this.#inTurn < MOST_IN_TURN) return;
    if (this.#turn === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.#turn = { promise, resolve };
    }
    return this.#turn.promise;
  }

  #turnOver(): void {
    // Each only until it was done once, for others may go on publishing.
    this.#awaited = this.#awaited?.filter((member) => this.behind.has(member) && member.working);
    this.#awaited ??= this.#turn === undefined ? [] : [...this.behind];
    if (this.#awaited.length > 0) {
      setTimeout(() => this.#turnOver(), PATIENCE_MS);
      return;
    }
    this.#awaited = undefined;
    this.#inTurn = 0;
    this.#turn?.resolve();
    this.#turn = undefined;
  }
}

const KEY = Symbol.for('wsgi.topics');

const shared = globalThis as { [KEY]?: Topics };

shared[KEY] ??= new Topics();

/** Those of this process: all servers in it share them, also where this module was loaded twice. */
export const topics: Topics = shared[KEY];
