/**
 * The side of the child: a process that a supervisor started (`ChildProcess`) says here what it has loaded and when it is
 * ready, and ends when its supervisor has ended.
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { fileState, isChildOf, SUPERVISOR, writeReport } from './child-report.js';
import { startGuard } from './guard.js';
import { parent } from './place.js';

/** What threads of this process inherit: whether there is a supervisor to report to. */
const INHERITED = 'wsgi supervised';

/** Reports go out here; a descriptor is good for every thread. */
const REPORTS = 3;
/** To be called before anything of the application is loaded. @returns true if there is a supervisor. */
export async function joinSupervisor(): Promise<boolean> {
  const supervisor = process.env[SUPERVISOR];
  if (supervisor === undefined) return false;
  // Not for the processes that the application starts, nor if it was one of them that had it from us.
  delete process.env[SUPERVISOR];
  if (!isChildOf(Number(supervisor))) return false;
  setEnvironmentData(INHERITED, true);
  // A worker has one already.
  if (parent === undefined) startGuard();
  await reportFiles();
  return true;
}

/** True in the process, and in all of its threads, once it joined. */
export function isSupervised(): boolean {
  return getEnvironmentData(INHERITED) === true;
}

/** Tells the supervisor, if there is one, that this process serves. */
export async function reportReady(): Promise<void> {
  await reportLoaded();
  if (isSupervised()) writeReport(REPORTS, { ready: true });
}

/** Tells the supervisor from now on which files this thread loads; for a thread of a process that joined. */
export async function reportFiles(): Promise<void> {
  if (!isSupervised()) return;
  const { watchImports } = await import('./loaded-files.js');
  watchImports(REPORTS);
}

/** Tells the supervisor of a file that something else than Node has loaded. */
export function reportFile(file: string): void {
  if (isSupervised()) writeReport(REPORTS, { file, state: fileState(file) });
}

/** The application is loaded in this thread. */
export async function reportLoaded(): Promise<void> {
  if (!isSupervised()) return;
  const { reportRequired } = await import('./loaded-files.js');
  reportRequired();
}
