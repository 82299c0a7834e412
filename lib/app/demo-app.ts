/** The demo: a page to talk to the echo of the event app, and to all who have it open. What `run()` serves without an application. */
import type { AnyEnviron, Environ, Message, WebSocketOn } from '../environ/types.js';
import { DEMO_PAGE } from './demo-page.js';
import { echoTwice, greet } from './event-app.js';
import type { FrameworkStartResponse } from './routes.js';
import { WSocketApp } from './wsocket-app.js';

/** The topic of all who have the page open. */
const ROOM = 'wsgi demo';

type Client = WebSocketOn<AnyEnviron>;

/** The page at `/`, and there a room: all get what one sends. The echo over a WebSocket at every path. */
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
  app.route('*', (environ: Environ, start_response: FrameworkStartResponse) =>
    environ['wsgi.websocket'] === undefined
      ? app.notFound(environ, start_response)
      : app.eventApp(environ, start_response),
  );
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

function refuses(environ: Environ, start_response: FrameworkStartResponse): boolean {
  const method = environ.REQUEST_METHOD;
  if (method === 'GET' || method === 'HEAD') return false;
  start_response(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain; charset=utf-8' });
  return true;
}
