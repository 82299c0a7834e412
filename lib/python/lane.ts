/** A thread of Python as the gateway uses it, whatever runs it: one request at a time, in frames. */
import type { RequestScope } from '../current-request.js';
import type { Environ } from '../environ/types.js';

/** What a runtime tells of the Python that it has. */
export interface PythonFacts {
  /** `CPython`, `PyPy` or `Pyodide`. */
  readonly implementation: string;
  /** `3.11.2`. */
  readonly version: string;
  /** Where a script that starts a server itself wanted to listen. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** One clause for the start line: `CPython 3.11.2, 1 process of 8 threads`. */
  readonly summary: string;
}

/** A request's side of a lane. */
export interface LaneWork {
  /** For the log: `GET /path`. */
  readonly name: string;
  /** Its own client is what Python waits for, not the other way round: no time-out runs. */
  readonly waitsForClient: boolean;
  frame(kind: number, call: number, payload: Buffer): void;
  /** Python has sent nothing for too long: KeyboardInterrupt is raised in it now. */
  overdue(why: string): void;
  /** It has not begun, and will on this lane instead. */
  moved(lane: Lane): void;
  /** There will be no more frames. @returns whether anybody is told. */
  lost(error: Error): boolean;
}

export interface Lane {
  /** Where a file that Python has open can be opened again: `/proc/123/fd/4`. */
  pathOf(descriptor: number): string | undefined;
  /** The work gets all frames until `done`. */
  begin(work: LaneWork, environ: Environ): void;
  send(kind: number, call: number, payload: Uint8Array): void;
  /** Python is done with the request: the lane may be given another. */
  done(): void;
}

export interface PythonRuntime {
  /** Settles when the application was loaded; rejects with a ConfigError. */
  readonly ready: Promise<PythonFacts>;
  /**
   * A free lane; a promise if all are busy.
   * @param scope of the request, which waits no longer when that is over. Undefined: it is not known.
   * @throws ServerBusy if too many wait; ConfigError if the application cannot be loaded.
   */
  lane(scope: RequestScope | undefined): Lane | Promise<Lane | undefined>;
  /** Ends all, and waits for that. */
  close(): Promise<void>;
}
