/** Which requests of an archive one client made: its cookies say so, since a recording of a real site has many clients in it. */
import type { Exchange } from '../../exchange.js';
import { cookiesOf, Jar } from './jar.js';
import { scopeOf } from './scope.js';

/** What is known of a request before it is replayed. */
export interface Sender {
  /** The client, from 0. */
  readonly client: number;
  /** Names of the cookies that the recorded server had given it. */
  readonly set: readonly string[];
}

interface Client {
  readonly number: number;
  readonly jar: Jar;
  /** All that it was ever given, as `name=value`: a request that was sent meanwhile has the older one. */
  readonly given: Set<string>;
}

/** How many clients are looked at for a request; those that said nothing for longest are new ones if they come back. */
const MOST = 1000;

export class Clients {
  #count = 0;
  /** The one that asked last comes first. */
  #clients: Client[] = [];
  /** Without any Cookie field the archive says nothing of clients: a browser leaves them out of its exports. */
  readonly #one: boolean;

  /** @param one all requests are those of one client. */
  constructor(one: boolean) {
    this.#one = one;
  }

  /** The sender of the next request, in the order in which they were sent. */
  next({ request, answer, started }: Exchange): Sender {
    const scope = scopeOf(request);
    const sent = cookiesOf(request.fields);
    const client = this.#find(sent, scope) ?? {
      number: this.#count++,
      jar: new Jar(),
      given: new Set<string>(),
    };
    this.#clients = [client, ...this.#clients.filter((other) => other !== client)].slice(0, MOST);
    const set = [...client.jar.for(scope).keys()];
    if (answer !== undefined) {
      client.jar.take(answer, scope, started?.getTime() ?? Date.now());
      for (const pair of client.jar.for(scope)) client.given.add(pair.join('='));
    }
    return { client: client.number, set };
  }

  /** The one whose cookies these are: most of them, and none with another value. Without cookies one that has none. */
  #find(sent: readonly (readonly [string, string])[], scope: ReturnType<typeof scopeOf>): Client | undefined {
    if (this.#one) return this.#clients[0];
    let best: Client | undefined;
    let most = -1;
    for (const client of this.#clients) {
      const held = client.jar.for(scope);
      const common = sent.filter(([name, value]) => client.given.has(`${name}=${value}`)).length;
      const contradicts = sent.some(
        ([name, value]) => held.has(name) && !client.given.has(`${name}=${value}`),
      );
      const missing = [...held.keys()].some((name) => !sent.some(([other]) => other === name));
      if (contradicts || (missing && common === 0)) continue;
      const score = common * 2 - (missing ? 1 : 0);
      if (score > most) {
        best = client;
        most = score;
      }
    }
    return best;
  }
}
