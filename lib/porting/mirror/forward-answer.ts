/** What the other server answered, as an application answers: status, headers, and the body as it comes. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { ignore } from '../../environ/maybe-promise.js';
import { isHopByHop } from '../../environ/syntax.js';
import type { Bytes } from '../../environ/types.js';

export function statusOf({ statusCode = 0, statusMessage = '' }: IncomingMessage): string {
  return `${statusCode} ${statusMessage}`;
}

/** Without them a body has another end, and a request another server, than the sender meant: `Connection` cannot take them away. */
const FOR_ALL = new Set(['content-length', 'host']);

/** Without the headers of one connection: those that are always so, and those that `Connection` names. */
export function endToEnd(rawHeaders: readonly string[]): [string, string][] {
  const all: [string, string][] = [];
  const named = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    all.push([name, value]);
    if (name.toLowerCase() === 'connection') {
      for (const one of value.split(',')) named.add(one.trim().toLowerCase());
    }
  }
  for (const name of FOR_ALL) named.delete(name);
  return all.filter(([name]) => !isHopByHop(name) && !named.has(name.toLowerCase()));
}

/** The body of the answer as it comes. If it is cut, so is the response to the client. */
export class AnswerBody implements AsyncIterable<Bytes> {
  readonly #answer: IncomingMessage;
  readonly #outgoing: ClientRequest;
  readonly #done: () => void;

  constructor(answer: IncomingMessage, outgoing: ClientRequest, done: () => void) {
    this.#answer = answer;
    this.#outgoing = outgoing;
    this.#done = done;
    // A failure is shown by the iterator, if there is one by then.
    answer.on('error', ignore);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Bytes> {
    try {
      yield* this.#answer as AsyncIterable<Bytes>;
    } catch (cause) {
      throw new Error('The server that forward() asked cut its answer', { cause });
    }
  }

  close(): void {
    this.#done();
    this.#outgoing.destroy();
  }
}
