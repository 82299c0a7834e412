// An application in a Koa app: node examples/under-koa.ts
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { toNodeHandler, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/hello')((environ) => `Hello from ${environ.SCRIPT_NAME}\n`);

const handler = toNodeHandler(app, { scriptName: '/app' }); // Koa does not remove the prefix
const site = new Koa();
site.use((context) => {
  if (context.path.startsWith('/app/')) {
    context.respond = false; // the application answers
    handler(context.req, context.res);
  } else context.body = 'Hello from Koa\n';
});

const server = site.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`Server started at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
