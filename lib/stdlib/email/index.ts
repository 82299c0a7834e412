/** Python's package `email`. */
export * as utils from './utils.js';
