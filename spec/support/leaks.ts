/** What a server holds on to: connections, file descriptors, timers, listeners. */
import { readdirSync } from 'node:fs';
import type { Server } from '../../lib/server/server.js';
import { connectionsOf } from './serve.js';
import { until } from './until.js';

/** From `begin` to `end` nothing may be left behind. */
export class LeakWatch {
  readonly #server: Server;
  readonly #files: number;
  readonly #resources: number;
  readonly #warnings: string[] = [];
  readonly #failures: unknown[] = [];
  readonly #warned = (warning: Error) => this.#warnings.push(warning.message);
  readonly #failed = (error: unknown) => this.#failures.push(error);

  static async begin(server: Server): Promise<LeakWatch> {
    // The timer of the test itself begins after its first turn.
    await new Promise((resolve) => setTimeout(resolve, 5));
    return new LeakWatch(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.#files = openFiles();
    this.#resources = activeResources();
    process.on('warning', this.#warned);
    process.on('unhandledRejection', this.#failed);
    process.on('uncaughtExceptionMonitor', this.#failed);
  }

  /** Waits until all is as it was. @throws Error that says what is not. */
  async end(): Promise<void> {
    try {
      await until(
        async () => (await connectionsOf(this.#server)) === 0,
        'the end of the last connection of the server',
      );
      await until(() => openFiles() <= this.#files, 'the return to as many open files as before');
      await until(() => activeResources() <= this.#resources, 'the return to as many timers as before');
    } finally {
      process.removeListener('warning', this.#warned);
      process.removeListener('unhandledRejection', this.#failed);
      process.removeListener('uncaughtExceptionMonitor', this.#failed);
    }
    if (this.#warnings.length > 0) throw new Error(`Node warned: ${this.#warnings.join('; ')}`);
    if (this.#failures.length > 0) throw new Error('An error was not handled', { cause: this.#failures[0] });
  }
}

/** Descriptors of this process; 0 where the system does not tell. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

/** Timers, sockets and all else that keeps a process alive. */
function activeResources(): number {
  return process.getActiveResourcesInfo().length;
}
