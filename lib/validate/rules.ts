/** All rules of the validator. Checks name a rule by its code, which the types know, so that they cannot drift. */
import type { Rule, RuleTable } from './rule.js';
import { BODY_RULES } from './rules-body.js';
import { CALL_RULES } from './rules-call.js';
import { ENVIRON_RULES } from './rules-environ.js';
import { HEAD_RULES } from './rules-head.js';
import { STREAM_RULES } from './rules-streams.js';

type Known = typeof CALL_RULES &
  typeof ENVIRON_RULES &
  typeof HEAD_RULES &
  typeof BODY_RULES &
  typeof STREAM_RULES;

type CodesOf<Level> = { [C in RuleCode]: Known[C]['level'] extends Level ? C : never }[RuleCode];

export type RuleCode = keyof Known;
export type ErrorCode = CodesOf<'error'>;
export type WarningCode = CodesOf<'warning'>;

/** As docs/validator.md has them. */
export const RULE_GROUPS: readonly (readonly [title: string, rules: readonly Rule[]])[] = [
  ['Calls', listOf(CALL_RULES)],
  ['environ', listOf(ENVIRON_RULES)],
  ['Status and headers', listOf(HEAD_RULES)],
  ['Response and middleware', listOf(BODY_RULES)],
  ['Input and error streams', listOf(STREAM_RULES)],
];

export const RULES = RULE_GROUPS.flatMap(([, rules]) => rules) as readonly (Rule & {
  readonly code: RuleCode;
})[];

/** What the validator itself has to do, and other validators do not. */
export const PROMISES: readonly Pick<Rule, 'ids' | 'rule' | 'source'>[] = [
  {
    ids: ['C-049'],
    rule: 'One of SCRIPT_NAME and PATH_INFO may be absent, where wsgiref.validate has a KeyError',
    source: 'PEP 3333 "environ Variables"',
  },
  {
    ids: ['C-114'],
    rule: 'length of the iterable is forwarded, so that the server can still infer Content-Length',
    source: 'PEP 3333 "Handling the Content-Length Header"',
  },
];

function listOf(table: RuleTable): Rule[] {
  return Object.entries(table).map(([code, rule]) => ({ code, ...rule }));
}
