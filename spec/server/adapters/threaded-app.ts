/** Applications that block, which handlers in other servers load in threads by name. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** A spec tells by a file that it has come as far; half a minute is more than it takes. */
function waitUntil(test: () => boolean): void {
  for (let i = 0; i < 3000 && !test(); i++) sleep(0.01);
}

const APPS: Record<string, BlockingApplication> = {
  '/keys': (environ, start_response) => {
    start_response('200 OK', []);
    return [Buffer.from(JSON.stringify(Object.keys(environ)))];
  },
  '/thread': (_environ, start_response) => {
    sleep(0.3);
    start_response('200 OK', []);
    return [Buffer.from(String(threadId))];
  },
  /** Two of them answer once both are there; the query is a folder, where each leaves the id of its thread. */
  '/both': ({ QUERY_STRING: folder = '' }, start_response) => {
    writeFileSync(join(folder, String(threadId)), '');
    waitUntil(() => readdirSync(folder).length >= 2);
    start_response('200 OK', []);
    return [Buffer.from(String(threadId))];
  },
  /** Leaves a file that the query names, and then sleeps until its client has left. */
  '/sleeps': ({ QUERY_STRING: file = '' }, start_response) => {
    writeFileSync(file, '');
    sleep(60);
    start_response('200 OK', []);
    return [];
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
  /** The second part, once there is the file that the query names. */
  '/slow': ({ QUERY_STRING: file = '' }, start_response) => {
    start_response('200 OK', []);
    return (function* () {
      yield Buffer.from('first ');
      waitUntil(() => existsSync(file));
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
