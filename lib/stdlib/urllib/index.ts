/** Python's package `urllib`. */
export * as parse from './parse.js';
