#!/usr/bin/env node
/** Starts the command `wsgi`. Small, for what is compiled before the cache is there is not kept. */
import { keepCompiled } from './compile-cache.js';

keepCompiled();
await import('./cli.js');
