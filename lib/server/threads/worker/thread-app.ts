/** What a thread of the command loads: the config file, and the application that the command line names. */
import { dirname } from 'node:path';
import { workerData } from 'node:worker_threads';
import { loadApp } from '../../cli/load-app.js';
import { reportFiles, reportLoaded } from '../../workers/supervised.js';
import type { ThreadData } from '../shared/thread-data.js';
import { attachToThread, failThread } from './thread.js';

const { entry } = workerData as ThreadData;
if ('target' in entry) {
  try {
    await reportFiles();
    const environ = entry.config === undefined ? entry.environ : await configuredEnviron(entry.config);
    const app = await loadApp(entry.target);
    await reportLoaded();
    attachToThread(app, environ);
  } catch (error) {
    failThread(error);
  }
}

/** What reads a config file is loaded only here: without one, a thread starts with a sixth fewer modules. */
async function configuredEnviron(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { loadConfigFile } = await import('../../cli/config-file.js');
  return (await loadConfigFile(dirname(path), path)).server.environ;
}
