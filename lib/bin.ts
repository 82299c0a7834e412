#!/usr/bin/env node
/** Starts the command `wsgi`. Small: what is compiled before there is a cache is not kept. */
import { keepCompiled } from './compile-cache.js';

keepCompiled();
await import('./cli.js');
