/** What the threads of the specs of topics load. */
import { run } from '../../../lib/index.js';
import { blocking } from './site.js';

// In a thread it attaches the application, and options do not matter.
run(blocking, { threads: 1 });
