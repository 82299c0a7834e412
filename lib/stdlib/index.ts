/** `wsgi/stdlib`: the modules of Python's standard library that WSGI programs import, by Python's names. */
export * as urllib from './urllib/index.js';
