/** Follows values on one side: what the recorded client had from the recorded server, it gets from this one. */
import type { Answer, RecordedRequest } from '../../exchange.js';
import { type Handed, handedOut, handedOutInText } from './answer-values.js';
import { type Replace, replaceInJson, replaceValues } from './request-values.js';
import { isId, isIdName, isOpaque, partsOf, replaceParts } from './specific.js';

/** All values that the requests of an archive contain: of those that answers hand out, the others need not be kept. */
export class Wanted {
  readonly #values = new Set<string>();

  has(value: string): boolean {
    return this.#values.has(value);
  }

  async collect(request: RecordedRequest): Promise<void> {
    await replaceValues(request, (value) => {
      for (const part of partsOf(value)) if (part !== '') this.#values.add(part);
      return value;
    });
  }

  /** The same for a message of a WebSocket. */
  collectText(text: string): void {
    replaceInText(text, (value) => {
      for (const part of partsOf(value)) if (part !== '') this.#values.add(part);
      return value;
    });
  }
}

/** JSON by its strings, any other text as a whole. */
function replaceInText(text: string, replace: Replace): string {
  return /^\s*[[{]/.test(text) ? replaceInJson(text, replace) : replace(text, '');
}

/** What this side gave where the recorded server gave a value. */
interface Source {
  readonly name: string;
  readonly value: string;
  readonly byName: boolean;
  readonly client: number;
}

/** How many answers that gave one recorded value are remembered. */
const MOST_SOURCES = 16;

export class Follower {
  readonly #wanted: Wanted;
  /** By the recorded value; the latest last. */
  readonly #sources = new Map<string, Source[]>();
  /** The recorded values that this side's values stand for, once the client has sent them back. */
  readonly #meaning = new Map<string, Set<string>>();

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /** Takes the values of an answer to a client. @param recorded what the recorded server answered to the same request. */
  async learn(recorded: Answer, answer: Answer, client: number): Promise<void> {
    const asked = (await handedOut(recorded)).filter(({ value }) => this.#wanted.has(value));
    if (asked.length > 0) this.#learn(asked, await handedOut(answer), client);
  }

  /** The same for a message of a WebSocket. */
  learnText(recorded: string, text: string, client: number): void {
    const asked = [...handedOutInText(recorded)].filter(({ value }) => this.#wanted.has(value));
    if (asked.length > 0) this.#learn(asked, [...handedOutInText(text)], client);
  }

  /** The request as the client would have made it of this side's answers. */
  rewrite(request: RecordedRequest, client: number): Promise<RecordedRequest> {
    return replaceValues(request, (value, name) => this.replace(value, name, client));
  }

  /** The same for a message of a WebSocket. */
  rewriteText(text: string, client: number): string {
    return replaceInText(text, (value, name) => this.replace(value, name, client));
  }

  replace(text: string, name: string, client: number): string {
    return replaceParts(text, (part) => this.#lookUp(part, name, client));
  }

  /** The recorded values that `value` of this side stands for. */
  meaningOf(value: string): ReadonlySet<string> {
    return this.#meaning.get(value) ?? new Set();
  }

  #learn(asked: readonly Handed[], mine: readonly Handed[], client: number): void {
    const given = new Map(mine.map((handed) => [handed.place, handed.value]));
    for (const { place, name, value, byName } of asked) {
      const own = given.get(place);
      if (own === undefined || own === '') continue;
      // A token has one value a side; which of several places gave it does not matter then.
      const others = (this.#sources.get(value) ?? []).filter(
        (source) => source.name !== name || source.byName !== byName || source.client !== client,
      );
      this.#sources.set(value, [...others, { name, value: own, byName, client }].slice(-MOST_SOURCES));
      if (isOpaque(value)) this.#mean(own, value);
    }
  }

  #lookUp(value: string, name: string, client: number): string | undefined {
    const all = this.#sources.get(value);
    if (all === undefined) return undefined;
    // What this client got itself goes before what another one got.
    const own = all.filter((source) => source.client === client);
    const found = sourceFor(value, name, own) ?? sourceFor(value, name, all);
    if (found === undefined) return undefined;
    if (isId(value) && !found.byName) this.#mean(found.value, value);
    return found.value;
  }

  #mean(mine: string, recorded: string): void {
    const known = this.#meaning.get(mine);
    if (known === undefined) this.#meaning.set(mine, new Set([recorded]));
    else known.add(recorded);
  }
}

function sourceFor(value: string, name: string, sources: readonly Source[]): Source | undefined {
  return (
    sources.findLast((source) => source.name === name) ??
    sources.findLast((source) => !source.byName && isFor(value, source.name, name))
  );
}

/** A token goes anywhere. A short id goes where ids go: `7` of `/items/7` is no `quantity`. */
function isFor(value: string, source: string, use: string): boolean {
  if (isOpaque(value)) return true;
  if (isIdName(source)) return use.startsWith('/') || isIdName(use);
  return source.startsWith('/') && isIdName(use);
}
