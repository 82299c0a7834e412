/** All rules of the validator. Checks name a rule by its code, which the types know, so that they cannot drift. */
import type { Rule } from './rule.js';
import { BODY_RULES } from './rules-body.js';
import { CALL_RULES } from './rules-call.js';
import { ENVIRON_RULES } from './rules-environ.js';
import { HEAD_RULES } from './rules-head.js';
import { STREAM_RULES } from './rules-streams.js';

const ALL = [...CALL_RULES, ...ENVIRON_RULES, ...HEAD_RULES, ...BODY_RULES, ...STREAM_RULES] as const;

type Known = (typeof ALL)[number];
export type RuleCode = Known['code'];
export type ErrorCode = Extract<Known, { level: 'error' }>['code'];
export type WarningCode = Extract<Known, { level: 'warning' }>['code'];

export const RULES: readonly (Rule & { readonly code: RuleCode })[] = ALL;

/** As docs/validator.md has them. */
export const RULE_GROUPS: readonly (readonly [title: string, rules: readonly Rule[]])[] = [
  ['Calls', CALL_RULES],
  ['environ', ENVIRON_RULES],
  ['Status and headers', HEAD_RULES],
  ['Response and middleware', BODY_RULES],
  ['Input and error streams', STREAM_RULES],
];

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
