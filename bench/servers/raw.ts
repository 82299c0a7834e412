/** `node:http` itself, `ws` on it and `node:cluster` around it: the limit that the others are measured against. */
import cluster from 'node:cluster';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { CHUNK, CHUNKS, HELLO, JSON_BODY, MEBIBYTE } from './answers.js';

const answer: RequestListener = (req, res) => {
  switch (req.url) {
    case '/json':
      res.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(JSON_BODY.length)]);
      res.end(JSON_BODY);
      return;
    case '/big':
      res.writeHead(200, [
        'Content-Type',
        'application/octet-stream',
        'Content-Length',
        String(MEBIBYTE.length),
      ]);
      res.end(MEBIBYTE);
      return;
    case '/chunks':
      res.writeHead(200, ['Content-Type', 'application/octet-stream']);
      for (let i = 0; i < CHUNKS; i++) res.write(CHUNK);
      res.end();
      return;
    case '/post': {
      const parts: Buffer[] = [];
      req.on('data', (part: Buffer) => parts.push(part));
      req.on('end', () => {
        const size = String(Buffer.concat(parts).length);
        res.writeHead(200, ['Content-Type', 'text/plain', 'Content-Length', String(size.length)]);
        res.end(size);
      });
      return;
    }
    default:
      res.writeHead(200, ['Content-Type', 'text/plain', 'Content-Length', String(HELLO.length)]);
      res.end(HELLO);
  }
};

export function raw(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer(answer);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Two processes of `raw` with one port, as Node itself offers it. */
export function rawCluster(): Promise<number> {
  cluster.setupPrimary({ args: ['raw'], silent: true });
  return new Promise((resolve) => {
    let listening = 0;
    cluster.on('listening', (_worker, { port }) => {
      if (++listening === 2) resolve(port);
    });
    for (let i = 0; i < 2; i++) cluster.fork();
  });
}

/** @param perMessageDeflate with the options that it has by default. */
export function rawWebSocket(perMessageDeflate = false): Promise<number> {
  return new Promise((resolve) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate }, () => {
      resolve((server.address() as AddressInfo).port);
    });
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
  });
}
