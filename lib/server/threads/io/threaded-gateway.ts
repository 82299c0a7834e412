/** The gateway whose application runs in threads: sockets, parsing, framing and timeouts stay on the I/O thread. */
import type { Application, Environ } from '../../../environ/types.js';
import type { WebSocket } from '../../../environ/websocket/websocket.js';
import { ConfigError } from '../../../errors.js';
import type { Runner } from '../../../interpreter/sink.js';
import { Gateway, type GatewaySettings } from '../../http/gateway.js';
import type { HttpSink } from '../../http/http-sink.js';
import type { RequestBody } from '../../http/request-body.js';
import type { ThreadPool } from './pool.js';
import { RemoteRunner } from './remote-runner.js';

export class ThreadedGateway extends Gateway {
  readonly #pool: ThreadPool;
  /** The access log names the client that a trusted proxy told of. */
  readonly #looksForClient: boolean;

  constructor(application: Application, settings: GatewaySettings, pool: ThreadPool) {
    super(application, settings);
    this.#pool = pool;
    this.#looksForClient =
      settings.accessLog !== undefined && settings.options.forwardedAllowIps !== undefined;
  }

  override runnerOf(sink: HttpSink): Runner {
    return new RemoteRunner(this.#pool, sink);
  }

  protected override call(sink: HttpSink, body: RequestBody | undefined): void {
    if (this.#looksForClient) this.environOf(sink, body);
    const runner = remote(sink);
    // A small body comes with the head, and goes to the thread with it.
    if (body === undefined) runner.start(undefined);
    else process.nextTick(() => runner.start(body));
  }

  override callUpgraded(sink: HttpSink, environ: Environ): void {
    remote(sink).start(undefined, environ['wsgi.websocket'] as WebSocket | undefined);
  }

  /** Whether it is the handler that is slow, and not its turn that has not come, the watch on threads knows. */
  override overdue(): void {}
}

function remote({ runner }: HttpSink): RemoteRunner {
  if (runner instanceof RemoteRunner) return runner;
  throw new ConfigError('A gateway with threads has requests for threads only');
}
