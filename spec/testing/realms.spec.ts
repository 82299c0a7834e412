/** Bytes of another realm, as all bytes are where a test runner has put the globals of jsdom in place of Node's. */
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { publish, WSocketApp } from '../../lib/index.js';
import { Client } from '../../lib/testing/client.js';

const bytes: Uint8Array = runInNewContext('new Uint8Array([97, 98])');

describe('bytes of another realm', () => {
  it('are a body, its blocks, and a file', async () => {
    const echo: Application = async (environ, start_response) => {
      start_response('200 OK', []);
      return [await environ['wsgi.input'].read()];
    };
    const client = new Client(echo);
    expect((await client.post('/', { body: bytes })).text).to.equal('ab');
    expect((await client.post('/', { body: [bytes, bytes] })).text).to.equal('abab');
    expect((await client.post('/', { files: { a: bytes } })).text).to.include('\r\n\r\nab\r\n');
  });

  it('are what a handler returns', async () => {
    const app = new WSocketApp();
    app.route('/')(() => bytes);
    expect((await new Client(app).get('/')).text).to.equal('ab');
  });

  it('go over a WebSocket, and to a topic', async () => {
    const app: Application = async (environ) => {
      const wsock = environ['wsgi.websocket'];
      wsock?.subscribe('realms');
      await wsock?.send(bytes);
      await wsock?.receive();
      return [];
    };
    const socket = await new Client(app).websocket('/');
    expect(await socket.receive()).to.deep.equal(Buffer.from('ab'));
    await publish('realms', bytes);
    expect(await socket.receive()).to.deep.equal(Buffer.from('ab'));
    await socket.send(bytes);
    expect(await socket.closed()).to.include({ code: 1000 });
  });
});
