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
  /** Milliseconds. */
  readonly took: number;
}

/** A file that did not run as it should. */
export function brokenResult(file: string, title: string, text: string, took = 0): Result {
  return { file, passed: 0, skipped: 0, failures: [{ title, text }], took };
}
