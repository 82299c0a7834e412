/** The Autobahn testsuite's families 12 and 13, re-created: permessage-deflate (RFC 7692). */
import { once } from 'node:events';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { WebSocket as Client, type PerMessageDeflateOptions } from 'ws';
import { wsInternals } from '../../../lib/server/websocket/ws.js';
import {
  BINARY,
  CLOSE,
  codeOf,
  type Frame,
  fragments,
  frame,
  pieces,
  RawWebSocket,
  TEXT,
} from '../../support/frames.js';
import {
  closeWebSocketServers,
  echo,
  serveWebSocket,
  type WebSocketTestServer,
} from '../../support/websocket-server.js';

const SIZES = [16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072];
const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

describe('Autobahn', () => {
  let server: WebSocketTestServer;

  before(async () => {
    server = await serveWebSocket(echo, { perMessageDeflate: true });
  });
  after(closeWebSocketServers);

  describe('12 compression of messages', () => {
    for (const [kind, make] of Object.entries({ text: jsonText, repetitive: repetitive, noise: noise })) {
      for (const size of SIZES) {
        it(`12, ${kind} of ${size} bytes`, () =>
          expectEchoes(server.url, { threshold: 0 }, messages(make, size)));
      }
    }
    for (const size of [8192, 16384, 32768, 65536, 131072]) {
      it(`12, compressed messages of ${size} bytes in fragments of 256 bytes`, () =>
        expectEchoOfFragments(server.port, size));
    }
  });

  it('negotiates no compression with a ws that has other insides, and goes on without', async () => {
    const found = wsInternals.deflate;
    wsInternals.deflate = false;
    try {
      const client = new Client(server.url);
      await once(client, 'open');
      expect(client.extensions).to.equal('');
      client.send('x'.repeat(5000));
      const [data] = (await once(client, 'message')) as [Buffer];
      expect(data.toString()).to.equal('x'.repeat(5000));
      client.close();
      await once(client, 'close');
    } finally {
      wsInternals.deflate = found;
    }
  });

  describe('13 offers', () => {
    const windows = [undefined, 8, 9, 15];
    for (const serverMaxWindowBits of windows) {
      for (const clientMaxWindowBits of windows) {
        for (const takeover of [true, false]) {
          const offer: PerMessageDeflateOptions = {
            threshold: 0,
            ...(serverMaxWindowBits && { serverMaxWindowBits }),
            ...(clientMaxWindowBits && { clientMaxWindowBits }),
            ...(!takeover && { serverNoContextTakeover: true, clientNoContextTakeover: true }),
          };
          const windowText = `server window ${serverMaxWindowBits ?? 'any'}, client window ${clientMaxWindowBits ?? 'any'}`;
          it(`13, ${windowText}, ${takeover ? '' : 'no '}context takeover`, () =>
            expectEchoes(
              server.url,
              offer,
              SIZES.flatMap((size) => [jsonText(size), repetitive(size)]),
            ));
        }
      }
    }

    for (let bits = 8; bits <= 15; bits++) {
      it(`13, a server window of 2^${bits} bytes is kept to`, async () => {
        const offer = `permessage-deflate; server_max_window_bits=${bits}`;
        const { client, extensions } = await offering(server.port, offer);
        expect(extensions).to.equal(offer);
        const text = jsonText(100_000);
        await client.send(frame(TEXT, compress(text), { rsv: 4 }));
        const [reply] = await client.next();
        // Fails on a distance beyond the window.
        expect(decompress((reply as Frame).payload, bits)).to.deep.equal(Buffer.from(text));
        client.destroy();
      });
    }

    for (const [header, answer] of [
      ['permessage-deflate', 'permessage-deflate'],
      ['permessage-deflate; client_max_window_bits', 'permessage-deflate'],
      ['permessage-deflate; server_no_context_takeover', 'permessage-deflate; server_no_context_takeover'],
      ['x-other, permessage-deflate', 'permessage-deflate'],
      [
        'permessage-deflate; server_max_window_bits=10, permessage-deflate',
        'permessage-deflate; server_max_window_bits=10',
      ],
      // RFC 7692 section 7.1: an offer with a parameter or a value that is not defined is declined, the next one counts.
      ['permessage-deflate; server_max_window_bits=7, permessage-deflate', 'permessage-deflate'],
      ['permessage-deflate; what=ever', undefined],
      ['permessage-deflate; server_max_window_bits', undefined],
      ['permessage-deflate; server_no_context_takeover=1', undefined],
      ['permessage-deflate; client_max_window_bits=16', undefined],
      ['x-other', undefined],
    ] as const) {
      it(`answers ${answer ?? 'no extension'} to ${header}`, async () => {
        const { client, extensions } = await offering(server.port, header);
        expect(extensions).to.equal(answer);
        await client.send(frame(TEXT, 'plain'));
        expect((await client.next())[0]?.fin).to.equal(true);
        client.destroy();
      });
    }

    it('answers no extension when compression is off', async () => {
      const plain = await serveWebSocket(echo);
      const { client, extensions } = await offering(plain.port, 'permessage-deflate');
      expect(extensions).to.equal(undefined);
      await client.send(frame(TEXT, compress('x'), { rsv: 4 }));
      expect(codeOf((await client.toEnd())[0] as Frame)).to.equal(1002);
    });
  });

  describe('compressed frames', () => {
    it('closes with 1007 when the data cannot be inflated', async () => {
      const { client } = await offering(server.port, 'permessage-deflate');
      await client.send(frame(BINARY, Buffer.from([0xff, 0xff, 0xff]), { rsv: 4 }));
      const [close] = await client.toEnd();
      expect(codeOf(close as Frame)).to.equal(1007);
    });

    it('closes with 1007 when the inflated text is not UTF-8', async () => {
      const { client } = await offering(server.port, 'permessage-deflate');
      await client.send(frame(TEXT, compress(Buffer.from([0xc0, 0xaf])), { rsv: 4 }));
      expect(codeOf((await client.toEnd())[0] as Frame)).to.equal(1007);
    });

    it('closes with 1002 when a continuation has RSV1', async () => {
      const { client } = await offering(server.port, 'permessage-deflate');
      const [first, last] = fragments(TEXT, pieces(compress('hello hello'), 4), 4) as [Buffer, Buffer];
      const marked = Buffer.from(last);
      marked[0] = (marked[0] as number) | 0x40;
      await client.send([first, marked]);
      expect(codeOf((await client.toEnd())[0] as Frame)).to.equal(1002);
    });

    it('closes with 1009 when a small frame inflates to more than maxMessage', async () => {
      const limited = await serveWebSocket(echo, { perMessageDeflate: true, maxMessage: 100_000 });
      const { client } = await offering(limited.port, 'permessage-deflate');
      await client.send(frame(BINARY, compress(Buffer.alloc(10_000_000)), { rsv: 4 }));
      expect(codeOf((await client.toEnd())[0] as Frame)).to.equal(1009);
    });

    it('are sent as the application says', async () => {
      const choosing = await serveWebSocket(
        async (websocket) => {
          await websocket.send('a'.repeat(2000));
          await websocket.send('a'.repeat(2000), null, false);
          websocket.doCompress = false;
          await websocket.send('a'.repeat(2000));
          await websocket.receive();
        },
        { perMessageDeflate: true },
      );
      const { client } = await offering(choosing.port, 'permessage-deflate');
      expect((await client.next(3)).map(({ rsv }) => rsv)).to.deep.equal([4, 0, 0]);
      client.destroy();
    });
  });
});

/** A client of `ws`, with the offer; sends all, and gets all back in order. */
async function expectEchoes(
  url: string,
  offer: PerMessageDeflateOptions,
  sent: (string | Buffer)[],
): Promise<void> {
  const client = new Client(url, { perMessageDeflate: offer });
  const got: Buffer[] = [];
  client.on('message', (data: Buffer) => got.push(data));
  try {
    await once(client, 'open');
    expect(client.extensions).to.equal('permessage-deflate');
    for (const message of sent) client.send(message);
    while (got.length < sent.length) await once(client, 'message');
    for (const [i, message] of sent.entries()) {
      expect(got[i]?.equals(Buffer.from(message)), `message ${i}`).to.equal(true);
    }
    client.close(1000);
    const [code] = await once(client, 'close');
    expect(code).to.equal(1000);
  } finally {
    client.terminate();
  }
}

/** Compresses each message for itself, and sends it in fragments. */
async function expectEchoOfFragments(port: number, size: number): Promise<void> {
  const { client } = await offering(port, 'permessage-deflate; server_no_context_takeover');
  try {
    for (const payload of [noise(size), Buffer.from(jsonText(size)), noise(size)]) {
      await client.send(fragments(BINARY, pieces(compress(payload), 256), 4));
      const [reply] = await client.next();
      expect(reply).to.include({ fin: true, rsv: 4, opcode: BINARY });
      expect(decompress((reply as Frame).payload).equals(payload)).to.equal(true);
    }
    await client.send(frame(CLOSE));
    expect((await client.toEnd()).at(-1)?.opcode).to.equal(CLOSE);
  } finally {
    client.destroy();
  }
}

async function offering(
  port: number,
  offer: string,
): Promise<{ client: RawWebSocket; extensions: string | undefined }> {
  const client = await RawWebSocket.connect(port, { headers: [`Sec-WebSocket-Extensions: ${offer}`] });
  return { client, extensions: /^Sec-WebSocket-Extensions: (.*)$/m.exec(client.head)?.[1]?.trim() };
}

/** RFC 7692 section 7.2.1. */
function compress(payload: string | Buffer): Buffer {
  const all = deflateRawSync(payload, SYNC);
  return all.subarray(0, -TAIL.length);
}

function decompress(payload: Buffer, windowBits = 15): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL]), { ...SYNC, windowBits });
}

function messages(make: (size: number) => string | Buffer, size: number): (string | Buffer)[] {
  return Array.from({ length: size > 16384 ? 20 : 100 }, () => make(size));
}

function jsonText(size: number): string {
  let text = '';
  for (let i = 0; text.length < size; i++)
    text += `{"id":${i},"name":"Größe ${(i * 7919) % 101}","on":${i % 3 === 0}},`;
  // Cut by bytes, at the start of a character.
  return Buffer.from(text).subarray(0, size).toString().replace(/�+$/, '');
}

function repetitive(size: number): string {
  return 'abc'.repeat(Math.ceil(size / 3)).slice(0, size);
}

function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = size + 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}
