// An application in a Hono app, with Request and Response: node examples/under-hono.ts
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { toFetchHandler, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/hello')((environ) => `Hello from ${environ.SCRIPT_NAME}\n`);

app.route('/upper')(async function* (environ) {
  for await (const line of environ['wsgi.input']) yield line.toString().toUpperCase();
});

const handler = toFetchHandler(app, { scriptName: '/app' });
const site = new Hono();
site.all('/app/*', (context) => handler(context.req.raw, context.env)); // env tells who the client is
site.get('/', (context) => context.text('Hello from Hono\n'));

serve({ fetch: site.fetch, port: Number(process.env.PORT ?? 8080), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`Server started at http://127.0.0.1:${port}`);
});
