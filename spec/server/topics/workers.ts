/** A server of the specs of topics with workers: `node workers.ts '{"workers":2}'`; with threads, handlers block. */
import { type EventLoopOptions, publish, run, type ThreadOptions } from '../../../lib/index.js';
import { app, blocking } from './site.js';

const options = JSON.parse(process.argv[2] ?? '{}') as EventLoopOptions & { threads?: number };
if (options.threads === undefined) await run(app, options);
else await run(blocking, options as ThreadOptions);

// Of the parent: workers go no further than run().
process.on('SIGUSR2', () => void publish('room', 'from the parent'));
