// A site of three applications behind nginx, each of which knows its own URLs: node examples/dispatcher.ts
import { type Application, run, WSocketApp } from 'wsgi';
import { dispatcher, proxyFix } from 'wsgi/middleware';
import { applicationUri, requestUri } from 'wsgi/util';

const pages = new WSocketApp();
pages.route('/', (environ, start_response) => {
  start_response(200, { 'Content-Type': 'text/plain' });
  return `${environ.REMOTE_ADDR} is at ${applicationUri(environ)}\n`;
});

const blog: Application = (environ, start_response) => {
  if (environ.PATH_INFO === '/latest') {
    start_response('302 Found', [['Location', `${applicationUri(environ)}/2024`]]);
    return [];
  }
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return environ.REQUEST_METHOD === 'HEAD' ? [] : [Buffer.from(`a post of ${requestUri(environ)}\n`)];
};

const chat = new WSocketApp();
chat.route('/', async (environ, start_response) => {
  const wsock = environ['wsgi.websocket'];
  const here = applicationUri(environ).replace('http', 'ws');
  if (wsock) return wsock.send(`welcome to ${here}`);
  start_response(200, { 'Content-Type': 'text/plain' });
  return `open ${here}\n`;
});

const site = dispatcher(pages, { '/blog': blog, '/blog/chat': chat }); // the longest prefix wins

// The numbers say how many proxies set each header: one nginx, as in docs/deploying.md.
run(proxyFix(site, { for: 1, proto: 1, host: 1, prefix: 1 }), { port: Number(process.env.PORT ?? 8080) });
