/** The public names of `wsgi/validate`: Python's `wsgiref.validate`. */
export { checkContentType } from './check-content-type.js';
export { checkEnviron } from './check-environ.js';
export { checkExcInfo } from './check-exc-info.js';
export { checkHeaders } from './check-headers.js';
export { checkIterator } from './check-iterator.js';
export { checkStatus } from './check-status.js';
export { checkErrors } from './error-stream.js';
export { checkInput } from './input.js';
export type { ValidatorOptions } from './options.js';
export type { Rule } from './rule.js';
export type { ErrorCode, RuleCode, WarningCode } from './rules.js';
export { RULES } from './rules.js';
export { validator } from './validator.js';
export { WsgiAssertionError } from './violation.js';
