/** `Expect: 100-continue` (RFC 9110 section 10.1.1): answered by the first read that needs it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { gate } from '../../support/until.js';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

const echo: Application = async (environ, start_response) =>
  answer(start_response, `${environ['HTTP_EXPECT']} ${await environ['wsgi.input'].read()}`);

function expecting(length = 4, value = '100-continue', body = '') {
  return request('/', { method: 'POST', headers: [`Content-Length: ${length}`, `Expect: ${value}`], body });
}

describe('Expect: 100-continue', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('is answered by the first read, and not before', async () => {
    const start = gate();
    const { serverPort } = await serveApp(async (environ, start_response) => {
      await start.promise;
      return echo(environ, start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(expecting());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(peer.text).to.equal('');
    start.open();
    await peer.got(CONTINUE);
    expect(peer.text).to.equal(CONTINUE);
    await peer.send('body');
    const response = await peer.response();
    expect(String(response.body)).to.equal('100-continue body');
    expect(response.headers['connection']).to.equal('keep-alive');
    expect(peer.text.split(CONTINUE)).to.have.length(2);
  });

  it('is known in any case', async () => {
    const { serverPort } = await serveApp(echo);
    const peer = await Peer.connect(serverPort);
    await peer.send(expecting(4, '100-Continue'));
    await peer.got(CONTINUE);
    await peer.send('body');
    expect(String((await peer.response()).body)).to.equal('100-Continue body');
  });

  it('is answered once, and before no head that already went out', async () => {
    const log = await captureLog(async () => {
      const { serverPort } = await serveApp(async (environ, start_response) => {
        const write = start_response('200 OK', []);
        await write(Buffer.from('early'));
        return [await environ['wsgi.input'].read()];
      });
      const peer = await Peer.connect(serverPort);
      await peer.send(expecting());
      await peer.closed();
      expect(peer.text)
        .to.match(/^HTTP\/1\.1 200 OK\r\n/)
        .and.not.include('100 Continue');
    });
    expect(log).to.include('the client waits for "100 Continue"');
  });

  it('is not answered when the body is here already', async () => {
    const { serverPort } = await serveApp(echo);
    const peer = await Peer.connect(serverPort);
    await peer.send(expecting(4, '100-continue', 'body'));
    expect(String((await peer.response()).body)).to.equal('100-continue body');
    expect(peer.text).to.not.include('100 Continue');
  });

  it('of a client that does not wait, and sends its next request as well, takes no answer from it', async () => {
    const { serverPort } = await serveApp(echo);
    const client = connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    let failed: Error | undefined;
    client.setEncoding('latin1').on('data', (data) => {
      text += data;
    });
    client.on('error', (error) => {
      failed = error;
    });
    client.write(expecting(4, '100-continue', 'body'));
    await once(client, 'end');
    expect(text).to.match(/100-continue body$/);
    // A connection that is closed, and not only ended, would be reset by the first of these.
    for (let i = 0; i < 5 && failed === undefined; i++) {
      client.write(request('/next'));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(failed).to.equal(undefined);
    client.end();
    await once(client, 'close');
  });

  it('is not answered when there is no body', async () => {
    const { serverPort } = await serveApp(echo);
    const peer = await Peer.connect(serverPort);
    await peer.send(expecting(0));
    await peer.response();
    expect(peer.text).to.not.include('100 Continue');
  });

  it('is not answered when the application does not read: the connection closes', async () => {
    const { serverPort } = await serveApp((_environ, start_response) => answer(start_response, 'no'));
    const peer = await Peer.connect(serverPort);
    await peer.send(expecting());
    const response = await peer.response();
    expect(response.headers['connection']).to.equal('close');
    await peer.closed();
    expect(peer.text).to.not.include('100 Continue');
  });

  it('does not let what then follows be taken for a request', async () => {
    let calls = 0;
    const { serverPort } = await serveApp((_environ, start_response) => {
      calls++;
      return answer(start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(expecting(100));
    await peer.response();
    await peer.send(request('/smuggled'));
    await peer.closed();
    expect(calls).to.equal(1);
  });

  it('of a second, pipelined request is answered after the first response', async () => {
    const { serverPort } = await serveApp(echo);
    const peer = await Peer.connect(serverPort);
    await peer.send(
      request('/', { method: 'POST', headers: ['Content-Length: 3'], body: 'one' }) + expecting(),
    );
    await peer.got(CONTINUE);
    expect(peer.text).to.match(/undefined oneHTTP\/1\.1 100 Continue\r\n\r\n$/);
    await peer.send('body');
    await peer.got('100-continue body');
  });

  it('is ignored on HTTP/1.0', async () => {
    const { serverPort } = await serveApp(echo);
    const peer = await Peer.connect(serverPort);
    await peer.send('POST / HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await peer.send('body');
    await peer.closed();
    expect(peer.text)
      .to.match(/^HTTP\/1\.1 200 OK\r\n/)
      .and.match(/100-continue body$/);
  });

  it('is the only expectation: others get 417', async () => {
    const { serverPort } = await serveApp(echo);
    const peer = await Peer.connect(serverPort);
    await peer.send(expecting(0, 'tea'));
    expect((await peer.response()).status).to.equal(417);
  });
});
