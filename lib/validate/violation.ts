/** What becomes of a broken rule: an error, or a warning once in a process, with what was found. */
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
  const { rule, fix } = byCode.get(code) as Rule;
  return `${rule}: ${found}. ${fix}`;
}

/** The kind of a value and its size; never its content, which may be a secret. */
export function shapeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${nameOf(value)} of ${value.byteLength} bytes`;
  if (typeof value === 'object') return nameOf(value);
  return `a ${typeof value}`;
}

const MOST_CHARACTERS = 60;

/** A string that is not a secret, on one line; the shape of anything else. */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return shapeOf(value);
  return JSON.stringify(value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value);
}

function nameOf(value: object): string {
  const type: unknown = value.constructor;
  return `an object of type ${(typeof type === 'function' && type.name) || 'Object'}`;
}
