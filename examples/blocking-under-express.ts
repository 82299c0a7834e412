// An application that blocks, in threads of an Express app: node examples/blocking-under-express.ts
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { toNodeHandler } from 'wsgi';

// Without its extension, it is found before and after it is compiled.
const handler = toNodeHandler(new URL('./threads/site:app', import.meta.url), { threads: 8 });
await handler.ready; // optional: fails if the application cannot be loaded

const site = express();
site.use('/app', handler);
site.get('/', (_request, response) => response.send('Hello from Express\n'));

const server = createServer(site);
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`Server started at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

process.once('SIGTERM', async () => {
  server.close();
  await handler.close(); // ends the threads, once what runs in them is done
});
