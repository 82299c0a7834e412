/** The demo: a page to talk to the echo of the event app. What `run()` serves when it is given no application. */
import type { Environ } from '../environ/types.js';
import { DEMO_PAGE } from './demo-page.js';
import type { FrameworkStartResponse } from './routes.js';
import { WSocketApp } from './wsocket-app.js';

/** The page at `/`, the echo over a WebSocket at every path. */
export function makeDemoApp(): WSocketApp {
  const app = new WSocketApp();
  app.route('/', (environ: Environ, start_response: FrameworkStartResponse) => {
    if (environ['wsgi.websocket'] !== undefined) return app.eventApp(environ, start_response);
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

function refuses(environ: Environ, start_response: FrameworkStartResponse): boolean {
  const method = environ.REQUEST_METHOD;
  if (method === 'GET' || method === 'HEAD') return false;
  start_response(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain; charset=utf-8' });
  return true;
}
