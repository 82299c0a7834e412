/** What a rule of the validator is: one entry of the table that the checks and docs/validator.md are made from. */

export interface Rule {
  /** Stable: `code` of the error or of the warning. */
  readonly code: string;
  /** An error is thrown; a warning is emitted once in a process. */
  readonly level: 'error' | 'warning';
  /** Rows of the conformance list. */
  readonly ids: readonly `C-${number}`[];
  /** A sentence without its full stop: what has to be so. */
  readonly rule: string;
  /** A sentence without its full stop: what to do about it. */
  readonly mend: string;
  /** The specification, or the validators that have the rule. */
  readonly source: string;
  /** The option of `validator` that turns the rule on; left out, it is always on. */
  readonly option?: 'absoluteLocation' | 'performance';
}
