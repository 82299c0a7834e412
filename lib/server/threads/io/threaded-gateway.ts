/** Calls applications in threads: sockets, parsing, framing and timeouts stay on the I/O thread. */
import type { Exchange } from '../../http/exchange.js';
import type { ResolvedOptions } from '../../options/options.js';
import type { ThreadPool } from './pool.js';
import { RemoteRunner } from './remote-runner.js';

/** @returns see `Service.call`. */
export function callInThreads(pool: ThreadPool, options: ResolvedOptions): (exchange: Exchange) => void {
  // The access log names the client that a trusted proxy told of.
  const looksForClient = options.accessLogfile !== undefined && options.forwardedAllowIps !== undefined;
  return (exchange) => {
    if (looksForClient || exchange.isUpgrade) exchange.environ();
    const runner = new RemoteRunner(pool, exchange);
    exchange.runner = runner;
    // A small body comes with the head, and goes to the thread with it.
    if (exchange.body === undefined) runner.start(undefined, exchange.websocket);
    else process.nextTick(() => runner.start(exchange.body));
  };
}
