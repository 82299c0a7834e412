/** Runs jobs beside each other: some always, and more of them while the processors have nothing to do. */
import { availableParallelism, cpus } from 'node:os';

const LOOK_MS = 500;
/** Processors that were idle, on average since the last look, for one more job to begin. */
const IDLE = 0.3;

export interface Width {
  /** As many run in any case. */
  readonly least: number;
  /** More do not, however idle the machine is. */
  readonly most: number;
}

/** Begins them in their order; each says how wide it may be where it runs. @throws what a job throws. */
export async function runJobs<T>(
  jobs: readonly T[],
  widthOf: (job: T) => Width,
  run: (job: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let running = 0;
  let last = { busy: busySeconds(), at: performance.now() };
  await new Promise<void>((resolve, reject) => {
    const begin = () => {
      const job = jobs[next++] as T;
      running++;
      run(job).then(() => {
        running--;
        fill();
      }, reject);
    };
    const fill = () => {
      for (let job = jobs[next]; job !== undefined && running < widthOf(job).least; job = jobs[next]) begin();
      if (running > 0) return;
      clearInterval(timer);
      resolve();
    };
    const timer = setInterval(() => {
      const now = { busy: busySeconds(), at: performance.now() };
      const idle = availableParallelism() - (1000 * (now.busy - last.busy)) / (now.at - last.at);
      last = now;
      const job = jobs[next];
      if (job !== undefined && running < widthOf(job).most && idle > IDLE) begin();
    }, LOOK_MS);
    fill();
  });
}

/** Of all processors since the machine began. */
function busySeconds(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) / 1000;
}
