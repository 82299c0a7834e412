// An application in an Express app, its WebSocket included: node examples/under-express.ts
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { toNodeHandler, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/hello')((environ) => `Hello from ${environ.SCRIPT_NAME}\n`);

app.route('/echo')(async (environ) => {
  for await (const message of environ['wsgi.websocket'] ?? []) {
    await environ['wsgi.websocket']?.send(message);
  }
});

const handler = toNodeHandler(app);
const site = express();
site.use('/app', handler); // before body parsers: the application reads the body itself
site.get('/', (_request, response) => response.send('Hello from Express\n'));

const server = createServer(site);
server.on('upgrade', handler.upgrade); // brings WebSockets to /app as well
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`Server started at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
