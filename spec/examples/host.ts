/**
 * A process in which examples run, one after the other as it is told their paths: its start takes longer than most of
 * them. What an example has begun goes on until the process is killed.
 */
import { pathToFileURL } from 'node:url';

// Each server that runs listens to signals.
process.setMaxListeners(0);
process.once('disconnect', () => process.exit());
process.on('message', (path: string) => void import(pathToFileURL(path).href));
