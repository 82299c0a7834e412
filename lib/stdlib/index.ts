/** `wsgi/stdlib`: the modules of Python's standard library that WSGI programs import, by Python's names. */
export * as cgi from './cgi.js';
export * as email from './email/index.js';
export * as html from './html.js';
export * as http from './http/index.js';
export * as io from './io.js';
export * as json from './json.js';
export * as mimetypes from './mimetypes.js';
export * as urllib from './urllib/index.js';
