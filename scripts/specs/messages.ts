/** What the processes of specs tell the runner. */

export interface Failure {
  readonly title: string;
  /** As mocha prints it: the message, the difference, the stack. */
  readonly text: string;
}

export interface Result {
  /** Path from the root of the project, of TypeScript. */
  readonly file: string;
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
  /** Seconds from begin to end. */
  readonly took: number;
  /** Seconds of processor time, with what processes took that it started and that ended. */
  readonly used: number;
}

/** A file that did not run as it should. */
export function brokenResult(file: string, title: string, text: string): Result {
  return { file, passed: 0, skipped: 0, failures: [{ title, text }], took: 0, used: 0 };
}
