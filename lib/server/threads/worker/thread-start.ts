/** A thread of the command begins here. Small, for what is compiled before the cache is there is not kept. */
import { keepCompiledInThread } from '../../../compile-cache.js';

keepCompiledInThread();
await import('./thread-app.js');
