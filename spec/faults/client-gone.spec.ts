/** Clients that leave in the middle: everything that served them is freed, and closed once. */
import { once } from 'node:events';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Application, Body } from '../../lib/environ/types.js';
import type { Server } from '../../lib/server/server.js';
import { frame, TEXT } from '../support/frames.js';
import { LeakWatch } from '../support/leaks.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const CLIENTS = 15;
const BLOCK = Buffer.alloc(65_536);

const HANDSHAKE =
  'GET /websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** What the clients had sent when they left. */
const REQUESTS: Record<string, string | Buffer> = {
  'a head': 'GET /none HTTP/1.1\r\nHo',
  'a body with a length': 'POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc',
  'a chunk': 'POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
  'a body after 100 Continue':
    'POST /body HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
  'a response of a generator': 'GET /generator HTTP/1.1\r\nHost: a\r\n\r\n',
  'a response of an async generator': 'GET /asyncGenerator HTTP/1.1\r\nHost: a\r\n\r\n',
  'a response by write()': 'GET /write HTTP/1.1\r\nHost: a\r\n\r\n',
  'a file': 'GET /file HTTP/1.1\r\nHost: a\r\n\r\n',
  'a file handle': 'GET /handle HTTP/1.1\r\nHost: a\r\n\r\n',
  'a WebSocket': HANDSHAKE,
  'a WebSocket frame': Buffer.concat([Buffer.from(HANDSHAKE), frame(TEXT, 'abcdef').subarray(0, 8)]),
};

const GONE: Record<string, (socket: Socket) => void> = {
  'with a reset': (socket) => socket.resetAndDestroy(),
  'with a FIN': (socket) => socket.destroy(),
};

describe('a client that leaves', () => {
  let server: Server;
  let path: string;
  let begun = 0;
  let ended = 0;

  const bodies: Record<string, () => Body> = {
    *generator() {
      try {
        for (;;) yield BLOCK;
      } finally {
        ended++;
      }
    },
    async *asyncGenerator() {
      try {
        for (;;) yield BLOCK;
      } finally {
        ended++;
      }
    },
  };

  const app: Application = async (environ, start_response) => {
    begun++;
    const name = environ.PATH_INFO.slice(1);
    if (name === 'websocket') {
      for await (const _message of environ['wsgi.websocket'] ?? []);
      ended++;
      return [];
    }
    if (name === 'body') return [await environ['wsgi.input'].read().finally(() => ended++)];
    const write = start_response('200 OK', []);
    if (name === 'write') {
      try {
        for (;;) await write(BLOCK);
      } finally {
        ended++;
      }
    }
    if (name === 'handle') {
      const handle = await open(path);
      const { close } = handle;
      handle.close = () => {
        ended++;
        return close.call(handle);
      };
      return environ['wsgi.file_wrapper'](handle);
    }
    if (name === 'file') {
      const fd = openSync(path, 'r');
      const read = (size = 1) => {
        const block = Buffer.alloc(size);
        return block.subarray(0, readSync(fd, block, 0, size, null));
      };
      const close = () => {
        ended++;
        closeSync(fd);
      };
      return environ['wsgi.file_wrapper']({ read, close });
    }
    return (bodies[name] as () => Body)();
  };

  before(async () => {
    path = join(temporaryFolder(), 'file');
    writeFileSync(path, Buffer.alloc(16 << 20));
    server = await serveApp(app);
  });

  after(async () => {
    await closeServers();
    removeTemporaryFolders();
  });

  for (const [what, raw] of Object.entries(REQUESTS)) {
    for (const [how, leave] of Object.entries(GONE)) {
      it(`in the middle of ${what}, ${how}, leaves nothing behind`, async () => {
        begun = ended = 0;
        const answers = !/head|body|chunk/.test(what) || what.includes('100');
        const log = await captureLog(async () => {
          const watch = await LeakWatch.begin(server);
          for (let i = 0; i < CLIENTS; i++) await visit(raw, answers, leave);
          await watch.end();
        });
        if (what !== 'a head') expect(begun).to.equal(CLIENTS);
        await until(() => ended >= begun, 'the end of what was begun');
        expect(ended, 'closed once').to.equal(begun);
        expect(log).to.equal('');
      });
    }
  }

  it('half-way, while the application says nothing, is found when time is over', async () => {
    let closed = 0;
    const silent = await serveApp(
      (_environ, start_response) => {
        start_response('200 OK', []);
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => new Promise<never>(() => {}),
            return: () => Promise.resolve({ done: true as const, value: void closed++ }),
          }),
        };
      },
      { timeout: 0.2 },
    );
    await captureLog(async () => {
      const watch = await LeakWatch.begin(silent);
      const socket = connect(silent.serverPort, '127.0.0.1');
      socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(socket.resume(), 'close');
      await watch.end();
    });
    expect(closed).to.equal(1);
  });

  async function visit(raw: string | Buffer, answers: boolean, leave: (socket: Socket) => void) {
    const before = begun;
    const socket = connect(server.serverPort, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(raw);
    if (answers) await once(socket, 'readable');
    else if (String(raw).startsWith('GET')) await once(socket, 'connect');
    else await until(() => begun > before, 'the call of the application');
    leave(socket);
  }
});
