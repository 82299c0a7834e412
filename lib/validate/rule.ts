/** What a rule of the validator is, and the options that turn some of them on. */

/** One entry of the table that the checks and docs/validator.md are made from. */
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
  readonly fix: string;
  /** The specification, or the validators that have the rule. */
  readonly source: string;
  /** The option of `validator` that turns the rule on; left out, it is always on. */
  readonly option?: keyof ValidatorOptions;
}

/** Rules by their code. */
export type RuleTable = Readonly<Record<string, Omit<Rule, 'code'>>>;

/** Rules that are off by default. */
export interface ValidatorOptions {
  /** Warn when Location is relative, which RFC 9110 allows and old clients do not know. */
  readonly absoluteLocation?: boolean | undefined;
  /** Warn when items of the body are very large, or many and very small. */
  readonly performance?: boolean | undefined;
}
