/** The application of the specs of topics, for the event loop and for threads: what clients ask for by paths and messages. */
import { threadId } from 'node:worker_threads';
import type {
  Application,
  BlockingApplication,
  BlockingWebSocket,
  StartResponse,
  WebSocket,
} from '../../../lib/index.js';
import { publish, sleep, subscribe } from '../../../lib/index.js';

function topicOf({ QUERY_STRING }: { QUERY_STRING: string }): string {
  return decodeURIComponent(QUERY_STRING);
}

function answer(start_response: StartResponse, text: string): Buffer[] {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(text)];
}

function payload(word: string): string | Buffer {
  return word.startsWith('0x') ? Buffer.from(word.slice(2), 'hex') : word;
}

/** What a client asks its handler for: `VERB TOPIC MESSAGE`. */
function act(websocket: WebSocket | BlockingWebSocket, asked: string): void {
  const [verb, topic = '', ...words] = asked.split(' ');
  const message = payload(words.join(' '));
  if (verb === 'join') websocket.subscribe(topic);
  if (verb === 'leave') websocket.unsubscribe(topic);
  if (verb === 'others') void websocket.publish(topic, message);
  if (verb === 'all') void publish(topic, message);
  if (verb === 'churn') {
    for (let i = 0; i < Number(topic); i++) {
      websocket.subscribe(`churn-${i}`);
      websocket.unsubscribe(`churn-${i}`);
    }
  }
}

/** Keeps a thread busy. */
function seize(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

export const app: Application = async (environ, start_response) => {
  const websocket = environ['wsgi.websocket'];
  if (websocket !== undefined) {
    for await (const message of websocket) {
      const text = String(message);
      while (text === 'hang' && !websocket.closed) await sleep(0.02);
      if (websocket.closed) break;
      const [, topic, count, size] = /^flood (\S+) (\d+) (\d+)$/.exec(text) ?? [];
      for (let i = 0; i < Number(count ?? 0); i++) {
        await publish(String(topic), `${i} `.padEnd(Number(size), '.'));
      }
      act(websocket, text);
      if (text === 'pid') await websocket.send(`${process.pid}`);
      else await websocket.send(`done ${text.slice(0, 30)}`);
    }
    return [];
  }
  if (environ.PATH_INFO === '/publish') {
    await publish(topicOf(environ), payload(String(await environ['wsgi.input'].read())));
    return answer(start_response, 'published');
  }
  if (environ.PATH_INFO === '/poll') {
    for await (const message of subscribe(topicOf(environ))) return answer(start_response, String(message));
    return answer(start_response, 'ended');
  }
  if (environ.PATH_INFO === '/late') await new Promise((resolve) => setImmediate(resolve));
  if (environ.PATH_INFO === '/events' || environ.PATH_INFO === '/late') {
    start_response('200 OK', [['Content-Type', 'text/event-stream']]);
    return (async function* events() {
      const messages = subscribe(topicOf(environ));
      yield Buffer.from('begun\n');
      for await (const message of messages) yield Buffer.from(`${message}\n`);
      yield Buffer.from('ended\n');
    })();
  }
  return answer(start_response, `${process.pid}`);
};

export const blocking: BlockingApplication = (environ, start_response) => {
  const websocket = environ['wsgi.websocket'];
  if (websocket !== undefined) {
    for (const message of websocket) {
      const text = String(message);
      while (text === 'hang' && !websocket.closed) seize(20);
      if (websocket.closed) break;
      const [, topic, count, size] = /^flood (\S+) (\d+) (\d+)$/.exec(text) ?? [];
      for (let i = 0; i < Number(count ?? 0); i++) {
        publish(String(topic), `${i} `.padEnd(Number(size), '.'));
      }
      act(websocket, text);
      websocket.send(`done ${text.slice(0, 30)}`);
    }
    return [];
  }
  if (environ.PATH_INFO === '/publish') {
    publish(topicOf(environ), payload(String(environ['wsgi.input'].read())));
    return answer(start_response, 'published');
  }
  if (environ.PATH_INFO === '/poll') {
    for (const message of subscribe(topicOf(environ))) return answer(start_response, String(message));
    return answer(start_response, 'ended');
  }
  if (environ.PATH_INFO === '/events' || environ.PATH_INFO === '/late') {
    start_response('200 OK', [['Content-Type', 'text/event-stream']]);
    return (function* events() {
      const messages = subscribe(topicOf(environ));
      yield Buffer.from('begun\n');
      for (const message of messages) yield Buffer.from(`${message}\n`);
      yield Buffer.from('ended\n');
    })();
  }
  return answer(start_response, `${process.pid} ${threadId}`);
};
