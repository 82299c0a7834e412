/** A thread of the command begins here. Small: what is compiled before there is a cache is not kept. */
import { keepCompiledInThread } from '../../../compile-cache.js';

keepCompiledInThread();
await import('./thread-app.js');
