/**
 * A thread of a process that another one supervises. It ends the process when its supervisor has ended, and writes down what
 * it serves: in a thread of its own, for the event loop may be stuck in a handler.
 */
import { Worker } from 'node:worker_threads';
import { type ServedRequests, WRITES_SERVED } from './served-requests.js';

/** Nothing is ever sent here; it ends with the supervisor, also if that is killed. */
const LIFELINE = 4;

/** Milliseconds that a process whose supervisor has ended has for a graceful stop. */
const ORPHAN_MS = 2000;

/** @param served what to write, to the descriptor `file`. */
export function startGuard(served?: ServedRequests, file?: number): void {
  const watch = new Worker(served === undefined ? ORPHAN_WATCH : ORPHAN_WATCH + WRITES_SERVED, {
    eval: true,
    // Nothing of the application's, such as a loader, is of use there.
    execArgv: [],
    env: {},
    workerData: { descriptor: LIFELINE, patience: ORPHAN_MS, memory: served?.memory, file },
  });
  watch.unref();
  if (served !== undefined) served.wake = () => watch.postMessage(0);
}

const ORPHAN_WATCH = `
  const fs = require('node:fs');
  const { Socket } = require('node:net');
  const { parentPort, workerData: { descriptor, patience, memory, file } } = require('node:worker_threads');
  new Socket({ fd: descriptor }).on('error', () => {}).on('close', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), patience);
  }).resume();`;
