/** The public names of `wsgi/headers`: Python's `wsgiref.headers`. */
export { type HeaderPair, Headers } from './util/headers.js';
