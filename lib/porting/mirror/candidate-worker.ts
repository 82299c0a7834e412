/** What runs in the thread of a candidate: loads it, and calls it for one copy of a request after the other. */
import { pathToFileURL } from 'node:url';
import { workerData } from 'node:worker_threads';
import type { AnyEnviron, ApplicationOn } from '../../environ/types.js';
import { reportRejection } from '../../interpreter/report.js';
import { logger } from '../../logger.js';
import { loadApp } from '../../server/cli/load-app.js';
import { describeLoadError } from '../../server/threads/shared/thread-data.js';
import { writeAtOnce } from '../../server/threads/worker/thread-output.js';
import { Ignore } from '../diff/ignore.js';
import { callCandidate } from './candidate-call.js';
import type { AsideData, AsideReport, CandidateSource, Job } from './candidate-source.js';
import { compareCopies } from './compare-copies.js';
import { forward } from './forward.js';
import { registered } from './registered.js';

type Candidate = ApplicationOn<AnyEnviron>;

const { port, source, limit, ignore, logLevel } = workerData as AsideData;
const ignored = Ignore.parse(ignore);

writeAtOnce();
logger.setLevel(logLevel);
process.on('unhandledRejection', reportRejection);
load(source).then(serve, (error) => say({ failed: describeLoadError(error) }));

async function load(from: CandidateSource): Promise<Candidate> {
  if ('url' in from) return forward(from.url);
  if ('named' in from) return (await loadApp(from.named)) as Candidate;
  const { entry, number } = from;
  // It may never finish: `await run()` at its top level goes no further in a thread.
  const loaded = 'script' in entry ? importScript(entry.script) : loadApp(entry.target);
  const missing = loaded.then(() => {
    throw new Error(`when the script was loaded again, it did not call mirror() as often as before`);
  });
  return Promise.race([registered(number), missing]);
}

function importScript(script: string): Promise<unknown> {
  process.argv[1] = script;
  return import(pathToFileURL(script).href);
}

function serve(candidate: Candidate): void {
  port.on('message', ({ request, asked, original }: Job) => {
    // The thread that started this one ends it when the time is over.
    const { answer } = callCandidate(candidate, request, limit, 0);
    answer.then(async (copy) => {
      say({ candidate: copy, differences: await compareCopies(original, copy, asked, ignored) });
    });
  });
  say({ ready: true });
}

function say(report: AsideReport): void {
  port.postMessage(report);
}
