/** Applications that block, which handlers in other servers load in threads by name. */
import { threadId } from 'node:worker_threads';
import type { BlockingApplication } from '../../../lib/environ/types.js';
import { sleep } from '../../../lib/sleep.js';

/** Answers with the plain values of its environ, and its body, as JSON. */
export const show: BlockingApplication = (environ, start_response) => {
  const body = environ['wsgi.input'].read().toString('latin1');
  const plain = Object.entries(environ).filter(([, value]) => typeof value !== 'object');
  start_response('200 OK', [['Content-Type', 'application/json']]);
  return [Buffer.from(JSON.stringify({ ...Object.fromEntries(plain), body }))];
};

const APPS: Record<string, BlockingApplication> = {
  '/thread': (_environ, start_response) => {
    sleep(0.3);
    start_response('200 OK', []);
    return [Buffer.from(String(threadId))];
  },
  '/large': (_environ, start_response) => {
    start_response('200 OK', []);
    return (function* () {
      for (let i = 0; i < 200; i++) yield Buffer.alloc(100_000, i);
    })();
  },
  '/whole': (environ, start_response) => {
    start_response('200 OK', []);
    const [size = 0, value = 0] = environ.QUERY_STRING.split(',').map(Number);
    return [Buffer.alloc(size, value)];
  },
  '/slow': (_environ, start_response) => {
    start_response('200 OK', []);
    return (function* () {
      yield Buffer.from('first ');
      sleep(0.5);
      yield Buffer.from('second');
    })();
  },
  '/cut': (_environ, start_response) => {
    start_response('200 OK', []);
    return (function* () {
      yield Buffer.from('first');
      throw new Error('in the body');
    })();
  },
  '/forever': (_environ, start_response) => {
    const write = start_response('200 OK', []);
    try {
      write(Buffer.from('begun'));
    } catch {
      // The client may leave before write() is back, which then throws. This one goes on all the same.
    }
    for (;;) {}
  },
  '/throws': () => {
    throw new Error('in a thread');
  },
  '/echo': (environ) => {
    const websocket = environ['wsgi.websocket'];
    for (const message of websocket ?? []) websocket?.send(message);
    return [];
  },
};

export const app: BlockingApplication = (environ, start_response) =>
  (APPS[environ.PATH_INFO] ?? show)(environ, start_response);
