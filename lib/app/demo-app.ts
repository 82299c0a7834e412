/** The demo: a page to talk to the echo of the event app, and to all who have it open. What `run()` serves without an application. */
import { readFileSync } from 'node:fs';
import type { AnyEnviron, Environ, Message, WebSocketOn } from '../environ/types.js';
import { OWN_FOLDER } from '../own-files.js';
import { DEMO_PAGE } from './demo-page.js';
import { echoTwice, greet } from './event-app.js';
import type { FrameworkStartResponse } from './routes.js';
import { WSocketApp } from './wsocket-app.js';

/** The topic of all who have the page open. */
const ROOM = 'wsgi demo';

type Client = WebSocketOn<AnyEnviron>;

/** Those that are in the package; what they link to is in it as well. */
const DOCUMENT = /^\/(?:README|PORTING|CHANGELOG|SECURITY|CONTRIBUTING|docs\/[\w-]+)\.md$/;

/**
 * The page at `/`, and there a room: all get what one sends. The documents of the package at their paths, as text. The echo
 * over a WebSocket at every path.
 */
export function makeDemoApp(): WSocketApp {
  const app = new WSocketApp();
  const room = new WSocketApp();
  room.onconnect = enter;
  room.onmessage = tellOthers;
  app.route('/', (environ: Environ, start_response: FrameworkStartResponse) => {
    if (environ['wsgi.websocket'] !== undefined) return room.eventApp(environ, start_response);
    if (refuses(environ, start_response)) return 'Only GET and HEAD';
    start_response(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-cache' });
    return DEMO_PAGE;
  });
  // Browsers ask for it by themselves; a 404 would look like a fault in the log.
  app.route('/favicon.ico', (_environ: Environ, start_response: FrameworkStartResponse) => {
    start_response(204);
  });
  app.route('*', (environ: Environ, start_response: FrameworkStartResponse) => {
    if (environ['wsgi.websocket'] !== undefined) return app.eventApp(environ, start_response);
    const text = DOCUMENT.test(environ.PATH_INFO) ? documentAt(environ.PATH_INFO) : undefined;
    if (text === undefined) return app.notFound(environ, start_response);
    if (refuses(environ, start_response)) return 'Only GET and HEAD';
    start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    return text;
  });
  return app;
}

function enter(client: Client): unknown {
  client.subscribe(ROOM);
  return greet(client);
}

function tellOthers(message: Message, client: Client): unknown {
  void client.publish(ROOM, typeof message === 'string' ? `somebody said: ${message}` : message);
  return echoTwice(message, client);
}

function documentAt(path: string): string | undefined {
  try {
    return readFileSync(new URL(`..${path}`, OWN_FOLDER), 'utf8');
  } catch {
    return undefined;
  }
}

function refuses(environ: Environ, start_response: FrameworkStartResponse): boolean {
  const method = environ.REQUEST_METHOD;
  if (method === 'GET' || method === 'HEAD') return false;
  start_response(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain; charset=utf-8' });
  return true;
}
