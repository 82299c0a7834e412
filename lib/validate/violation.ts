/** What becomes of a broken rule: an error that is thrown, or a warning once in a process. */
import { WsgiError } from '../errors.js';
import type { Rule } from './rule.js';
import { type ErrorCode, RULES, type RuleCode, type WarningCode } from './rules.js';

const byCode = new Map<RuleCode, Rule>(RULES.map((rule) => [rule.code, rule]));
const warned = new Set<WarningCode>();

/** A rule of PEP 3333 was broken. `code` is that of the rule in `RULES`, `environ-missing-key` for example. */
export class WsgiAssertionError extends WsgiError {
  override readonly code: ErrorCode;

  /** @param found a clause that says what was found: its shape, never a secret. */
  constructor(code: ErrorCode, found: string) {
    super(code, `${describe(code, found)} [${code}]`);
    this.code = code;
  }
}

/** @throws WsgiAssertionError always. */
export function fail(code: ErrorCode, found: string): never {
  throw new WsgiAssertionError(code, found);
}

/** Emits the warning, if this process has not seen it yet (Python's warnings have the same default). */
export function warn(code: WarningCode, found: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  process.emitWarning(describe(code, found), { type: 'WsgiWarning', code });
}

/** @internal For specs: the next warning of each rule is emitted again. */
export function forgetWarnings(): void {
  warned.clear();
}

function describe(code: RuleCode, found: string): string {
  const { rule, mend } = byCode.get(code) as Rule;
  return `${rule}: ${found}. ${mend}`;
}
