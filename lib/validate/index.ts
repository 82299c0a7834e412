/** The public names of `wsgi/validate`: Python's `wsgiref.validate`. */
export { checkIterator } from './body.js';
export { checkEnviron } from './check-environ.js';
export { checkContentType, checkExcInfo, checkHeaders, checkStatus } from './check-head.js';
export { checkErrors } from './error-stream.js';
export { checkInput } from './input.js';
export type { Rule, ValidatorOptions } from './rule.js';
export type { ErrorCode, RuleCode, WarningCode } from './rules.js';
export { RULES } from './rules.js';
export { validator } from './validator.js';
export { WsgiAssertionError } from './violation.js';
