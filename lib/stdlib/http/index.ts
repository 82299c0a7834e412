/** Python's package `http`. */
export * as cookies from './cookies.js';
