/** What a thread of the command loads: the config file, and the application that the command line names. */
import { workerData } from 'node:worker_threads';
import './thread.js';
import { loadConfigFile } from '../../cli/config-file.js';
import { loadApp } from '../../cli/load-app.js';
import { reportFiles, reportLoaded } from '../../workers/supervised.js';
import { describeLoadError, type ThreadData } from '../shared/thread-data.js';
import { attachToThread, failThread } from './this-thread.js';

const { entry } = workerData as ThreadData;
if ('target' in entry) {
  try {
    await reportFiles();
    const { server } = await loadConfigFile(entry.folder, entry.config);
    const app = await loadApp(entry.target);
    await reportLoaded();
    attachToThread(app, server.environ);
  } catch (error) {
    failThread(describeLoadError(error));
  }
}
