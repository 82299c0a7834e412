/** Python's `wsgiref.util.guess_scheme`, which the CGI gateway needs as well. */
export { guessScheme } from '../environ/forwarded-value.js';
