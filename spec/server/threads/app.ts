/** What the threads of these specs load: one handler a path. What they see they write to a file, line by line. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, threadId } from 'node:worker_threads';
import type {
  BlockingApplication,
  BlockingEnviron,
  Body,
  StartResponse,
} from '../../../lib/environ/types.js';
import { ReceiveTimeout, WebSocketError } from '../../../lib/environ/websocket/error.js';
import { attachToThread } from '../../../lib/server/threads/worker/thread.js';
import { sleep } from '../../../lib/sleep.js';

const RECORD = process.env['WSGI_SPEC_RECORD'] ?? '';
const BLOCK = Buffer.alloc(64 * 1024, 'b');

let served = 0;
const kept: AbortSignal[] = [];

function record(line: string): void {
  appendFileSync(RECORD, `${line}\n`);
}

function query(environ: BlockingEnviron): number {
  return Number(environ.QUERY_STRING);
}

function answer(start_response: StartResponse, body: unknown): Body {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))];
}

/** Blocks until the file of that name is there: the spec says when a handler may go on. */
function gate(name: string): void {
  for (;;) {
    try {
      readFileSync(`${RECORD}.${name}`);
      return;
    } catch {
      sleep(0.01);
    }
  }
}

/** Unlike sleep(), also where the client has left. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

/** As gate('save'), and goes on although the client has left: sleep() throws then. */
function save(): void {
  while (!existsSync(`${RECORD}.save`)) pause();
  record('saved');
}

function* forever(close: () => void): Generator<Uint8Array> {
  try {
    for (;;) yield BLOCK;
  } finally {
    close();
  }
}

const handlers: Record<string, BlockingApplication> = {
  '/environ': (environ, start_response) =>
    answer(
      start_response,
      JSON.stringify({ ...environ }, (_key, value) => (typeof value === 'function' ? undefined : value)),
    ),
  '/hello': (_environ, start_response) => answer(start_response, 'hello'),
  '/flags': (environ, start_response) =>
    answer(start_response, [
      environ['wsgi.multithread'],
      environ['wsgi.multiprocess'],
      environ['wsgi.run_once'],
      environ['node.nonblocking'],
      environ['spec.key'],
    ]),
  '/count': (_environ, start_response) => answer(start_response, [threadId, ++served]),
  '/input': (environ, start_response) => {
    const input = environ['wsgi.input'];
    const seen = [input.read(3), input.readline(), input.readline(2), ...input.readlines(4)];
    for (const line of input) seen.push(line);
    seen.push(input.read());
    return answer(start_response, seen.map(String));
  },
  '/echo': (environ, start_response) => {
    const body = environ['wsgi.input'].read();
    start_response('200 OK', [['Content-Length', String(body.length)]]);
    return [body];
  },
  '/chunks': (environ, start_response) => {
    const body = environ['wsgi.input'].read();
    start_response('200 OK', []);
    return [body.subarray(0, 1), body.subarray(1)];
  },
  '/large': (environ, start_response) => {
    record('large');
    start_response('200 OK', []);
    return [Buffer.alloc(query(environ), 'l')];
  },
  '/large-parts': (environ, start_response) => {
    record('large');
    start_response('200 OK', []);
    const part = Buffer.alloc(query(environ) / 8, 'l');
    return Array.from({ length: 8 }, () => part);
  },
  '/post-message': (_environ, start_response) => {
    for (const message of ['x', { ready: true }, { failed: 'no' }, null]) parentPort?.postMessage(message);
    return answer(start_response, 'posted');
  },
  '/long-head': (environ, start_response) => {
    start_response('200 OK', [['X-Long', 'v'.repeat(query(environ))]]);
    return [Buffer.from(String(environ['HTTP_X_LONG']?.length ?? 0))];
  },
  '/write': (_environ, start_response) => {
    const write = start_response('200 OK', [['Content-Type', 'text/plain']]);
    const results = [write(Buffer.from('one ')), write(Buffer.from('two '))];
    return [Buffer.from(JSON.stringify(results.map((result) => result === undefined)))];
  },
  '/file': (environ, start_response) => {
    let left = 3;
    start_response('200 OK', []);
    return environ['wsgi.file_wrapper']({
      read: (size: number) => (left-- > 0 ? Buffer.from(`at most ${size}\n`) : Buffer.alloc(0)),
      close: () => record('file closed'),
    });
  },
  '/await': async (environ, start_response) => {
    await delay(5);
    const body = await environ['wsgi.input'].read();
    await delay(5);
    return answer(start_response, `waited for ${body}`);
  },
  '/await-generator': async function* (_environ, start_response) {
    start_response('200 OK', []);
    for (const part of ['a', 'b', 'c']) {
      await delay(2);
      yield Buffer.from(part);
    }
  } as BlockingApplication,
  '/later': (_environ, start_response) => {
    setTimeout(() => record('the timer ran'), 20);
    return answer(start_response, 'done');
  },
  '/steps': function* (_environ, start_response) {
    start_response('200 OK', []);
    for (const name of ['first', 'second', 'third']) {
      yield Buffer.from(name);
      gate(name);
    }
  } as BlockingApplication,
  '/forever': (_environ, start_response) => {
    record('forever');
    start_response('200 OK', []);
    const body = forever(() => record('returned'));
    return Object.assign({ [Symbol.iterator]: () => body }, { close: () => record('closed') });
  },
  '/forever-write': (_environ, start_response) => {
    const write = start_response('200 OK', []);
    record('forever');
    try {
      for (;;) write(BLOCK);
    } catch (error) {
      record(`write threw ${(error as Error).name}`);
      throw error;
    }
  },
  '/read-all': (environ, start_response) => {
    record('reading');
    try {
      return answer(start_response, String(environ['wsgi.input'].read().length));
    } catch (error) {
      record(`read threw ${(error as Error).name}`);
      throw error;
    }
  },
  '/unread': (_environ, start_response) => {
    gate('unread');
    return answer(start_response, 'unread');
  },
  '/gate': (environ, start_response) => {
    record(`gate ${environ.QUERY_STRING}`);
    gate(environ.QUERY_STRING);
    return answer(start_response, `gate ${environ.QUERY_STRING}`);
  },
  '/sleep': (_environ, start_response) => {
    record('sleeping');
    try {
      sleep(60);
    } catch (error) {
      record(`sleep threw ${(error as Error).name}`);
      throw error;
    }
    return answer(start_response, 'slept');
  },
  '/loop': () => {
    record('looping');
    // Not all the time until it is ended: that would be a second of the processor for each.
    sleep(0.7);
    for (;;);
  },
  '/loop-after-head': function* (_environ, start_response) {
    start_response('200 OK', []);
    yield Buffer.from('begun');
    sleep(0.7);
    for (;;);
  } as BlockingApplication,
  '/never': () => {
    record('never');
    return new Promise(() => {});
  },
  '/signal': async (environ, start_response) => {
    const signal = environ['node.abort_signal'];
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    record('signal');
    await aborted;
    return answer(start_response, 'aborted');
  },
  '/keep': async (environ, start_response) => {
    kept.push(environ['node.abort_signal']);
    return answer(start_response, 'kept');
  },
  '/kept': (_environ, start_response) =>
    answer(
      start_response,
      kept.splice(0).map(({ aborted }) => aborted),
    ),
  '/exit': () => process.exit(3),
  '/uncaught': () => {
    setImmediate(() => {
      throw new Error('uncaught in a callback');
    });
    return new Promise(() => {});
  },
  '/reject': (_environ, start_response) => {
    void Promise.reject(new Error('nobody waits for this'));
    return answer(start_response, 'fine');
  },
  '/memory': () => {
    const all: number[][] = [];
    for (;;) all.push(new Array<number>(1_000_000).fill(1.5));
  },
  '/throw': () => {
    throw new Error('from the handler');
  },
  '/say': (environ, start_response) => {
    console.log('one');
    console.error('two');
    environ['wsgi.errors'].write('three\n');
    process.stdout.write('four\n');
    record('said');
    gate('say');
    console.log('five');
    return answer(start_response, 'said');
  },
  '/hints': (environ, start_response) => {
    environ['wsgi.early_hints']?.([['Link', '</a.css>; rel=preload']]);
    return answer(start_response, 'hinted');
  },
  '/ws-echo': (environ, start_response) => {
    const wsock = environ['wsgi.websocket'];
    if (wsock === undefined) return answer(start_response, 'no WebSocket');
    wsock.supportedProtocols = ['chat'];
    try {
      for (const message of wsock) wsock.send(message);
      record(`ended ${wsock.closeCode} ${wsock.closeReason}`);
      wsock.receive();
    } catch (error) {
      record(`threw ${(error as Error).name}`);
    }
    return [];
  },
  '/ws-ending': (environ) => {
    const wsock = environ['wsgi.websocket'];
    if (wsock === undefined) return [];
    wsock.receive();
    for (let i = 0; i < 1000 && wsock.closeCode === undefined; i++) pause();
    record(`knows ${wsock.closeCode} ${wsock.closeReason} ${wsock.error?.name}`);
    try {
      for (const message of wsock) record(`then received ${message}`);
    } catch (error) {
      record(`threw ${(error as Error).name}`);
    }
    record(`ended ${wsock.closeCode} ${wsock.closeReason} ${wsock.error?.name}`);
    return [];
  },
  '/ws-work': (environ) => {
    const wsock = environ['wsgi.websocket'];
    if (wsock === undefined) return [];
    for (const message of wsock) {
      record(`received ${String(message).slice(0, 20)}`);
      gate('work');
      record(`closed ${wsock.closed} ${wsock.closeCode}`);
      wsock.send(`answer to ${message}`);
    }
    record(`ended ${wsock.closed} ${wsock.closeCode} ${wsock.closeReason}`);
    try {
      wsock.receive();
    } catch {
      record('threw');
    }
    return [];
  },
  '/ws-save': (environ) => {
    const wsock = environ['wsgi.websocket'];
    try {
      for (const message of wsock ?? []) wsock?.send(message);
    } finally {
      record(`saving ${wsock?.closeCode}`);
      save();
    }
    return [];
  },
  '/save': (_environ, start_response) => {
    record('begun');
    save();
    return answer(start_response, 'saved');
  },
  '/saves': async (environ, start_response) => {
    const signal = environ['node.abort_signal'];
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    record('begun');
    await aborted;
    record('left');
    await delay(300);
    record('saved');
    return answer(start_response, 'saved');
  },
  '/ws-refuse': (_environ, start_response) => {
    start_response('403 Forbidden', [['Content-Type', 'text/plain']]);
    return [Buffer.from('not you')];
  },
  '/ws-close': (environ) => {
    environ['wsgi.websocket']?.accept();
    environ['wsgi.websocket']?.close(4001, 'enough');
    return [];
  },
  '/ws-throw': (environ) => {
    environ['wsgi.websocket']?.accept();
    throw new Error('in a conversation');
  },
  '/ws-timeout': (environ) => {
    const wsock = environ['wsgi.websocket'];
    for (;;) {
      try {
        const message = wsock?.receive(0.02);
        if (message === null) return [];
        wsock?.send(`late: ${message}`);
        return [];
      } catch (error) {
        if (!(error instanceof ReceiveTimeout)) throw error;
        record('timed out');
      }
    }
  },
  '/ws-flood': (environ) => {
    const wsock = environ['wsgi.websocket'];
    record('flooding');
    try {
      for (;;) wsock?.send(BLOCK);
    } catch (error) {
      record(`send threw ${error instanceof WebSocketError}`);
    }
    return [];
  },
  '/ws-large': (environ) => {
    const wsock = environ['wsgi.websocket'];
    wsock?.accept();
    record('large');
    wsock?.send(Buffer.alloc(query(environ), 'l'));
    return [];
  },
  '/ws-sleep': (environ) => {
    environ['wsgi.websocket']?.accept();
    record('sleeping');
    try {
      sleep(60);
    } catch (error) {
      record(`sleep threw ${error instanceof WebSocketError}`);
    }
    return [];
  },
  '/ws-started': (environ, start_response) => {
    start_response('403 Forbidden', [['Content-Length', '0']]);
    try {
      environ['wsgi.websocket']?.receive();
    } catch (error) {
      record(`receive threw ${String(error).includes('although start_response was called')}`);
    }
    return [];
  },
  '/ws-sleep-closed': (environ) => {
    environ['wsgi.websocket']?.accept();
    environ['wsgi.websocket']?.close();
    sleep(0.3);
    record('slept after its own close');
    return [];
  },
  '/ws-headers': (environ) => {
    const wsock = environ['wsgi.websocket'];
    try {
      wsock?.accept('chat', [['Sec-WebSocket-Accept', 'mine']]);
    } catch (error) {
      record(String(error));
    }
    wsock?.accept('chat', [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', `b=\xe9${'x'.repeat(query(environ))}`],
    ]);
    return [];
  },
  '/ws-ping': (environ) => {
    const wsock = environ['wsgi.websocket'];
    wsock?.ping('are you there');
    wsock?.send('sent');
    wsock?.receive();
    return [];
  },
  '/ws-buffered': (environ) => {
    const wsock = environ['wsgi.websocket'];
    wsock?.accept();
    record(`empty ${wsock?.bufferedAmount}`);
    wsock?.send(Buffer.alloc(16 * 1024 * 1024));
    record(`filled ${(wsock?.bufferedAmount ?? 0) > 1024 * 1024}`);
    wsock?.receive();
    record(`taken ${wsock?.bufferedAmount}`);
    return [];
  },
  '/ws-close-wait': (environ) => {
    const wsock = environ['wsgi.websocket'];
    wsock?.accept();
    record('closing');
    wsock?.close(4001, 'enough');
    record(`closed ${wsock?.closeCode} ${wsock?.closeReason}`);
    return [];
  },
  '/vectors': (environ, start_response) => {
    const plain = Object.entries(environ).filter(([, value]) => typeof value !== 'object');
    const seen = Object.fromEntries(plain);
    let body: string | undefined;
    try {
      body = environ['wsgi.input'].read().toString('latin1');
    } finally {
      record(JSON.stringify({ environ: seen, body }));
    }
    return answer(start_response, 'seen');
  },
};

/** For the vectors, whose paths are their own: all of them go to one handler. */
const only = process.env['WSGI_SPEC_ONLY'];

const app: BlockingApplication = (environ, start_response) => {
  const handler = handlers[only ?? environ.PATH_INFO];
  if (handler === undefined) throw new Error(`There is no handler for ${environ.PATH_INFO}`);
  return handler(environ, start_response);
};

// As run() does in a thread; with that, each would load the whole package.
attachToThread(app, { 'spec.key': 'of the thread' });
