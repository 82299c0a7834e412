/** `toNodeHandler` behind hosts that did something odd to the request, on the event loop and in threads. */
import { createServer, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { type NodeHandler, toNodeHandler } from '../../../../lib/server/adapters/node/node-handler.js';
import { show } from '../../../support/answer.js';
import { captureLog, closeServers, host } from '../../../support/serve.js';
import { scriptOf } from '../../../support/source.js';

const SCRIPT = scriptOf('../threaded-app.ts', import.meta.url);

for (const mode of ['on the event loop', 'in threads']) {
  describe(`toNodeHandler behind odd hosts, ${mode}`, function () {
    this.timeout(60_000);
    let handler: NodeHandler;

    before(async () => {
      handler = mode === 'in threads' ? toNodeHandler(`${SCRIPT}:app`, { threads: 1 }) : toNodeHandler(show);
      await handler.ready;
    });
    after(() => handler.close());
    afterEach(closeServers);

    /** The answers to a request that the host has changed, and to the next one. */
    async function answersTo(change: (message: IncomingMessage) => void): Promise<[Response, Response]> {
      let isFirst = true;
      const { url } = await host(
        createServer((message, response) => {
          if (isFirst) change(message);
          isFirst = false;
          handler(message, response);
        }),
      );
      const init = { method: 'POST', body: 'hello', headers: { 'X-A': '1' } };
      return [await fetch(`${url}/`, init), await fetch(`${url}/`, init)];
    }

    it('reads a body that the host has paused', async () => {
      const [first] = await answersTo((message) => message.pause());
      expect(await first.json()).to.include({ body: 'hello' });
    });

    it('takes null for a header that the host has taken away', async () => {
      const [first] = await answersTo(({ headers }) => Object.assign(headers, { 'x-a': null }));
      expect(await first.json()).to.not.have.property('HTTP_X_A');
    });

    for (const [what, property, value, said] of [
      ['without a socket', 'socket', undefined, /req\.socket is undefined/],
      ['without headers', 'headers', undefined, /req\.headers is undefined/],
      ['with an address that is not text', 'socket', { remoteAddress: 7 }, /req\.socket\.remoteAddress is 7/],
    ] as const) {
      it(`answers 500 to a request ${what}, says why, and answers the next one`, async () => {
        let answers: [Response, Response] | undefined;
        const log = await captureLog(async () => {
          answers = await answersTo((message) => Object.defineProperty(message, property, { value }));
        });
        expect(answers?.map(({ status }) => status)).to.deep.equal([500, 200]);
        expect(log).to.match(said);
      });
    }

    for (const [what, change] of [
      ['a header that cannot be read', (message) => Object.assign(message.headers, { 'x-a': unreadable })],
      ['a body that the host has as text', (message) => message.setEncoding('utf8')],
    ] as [string, (message: IncomingMessage) => void][]) {
      it(`answers 500 for ${what}, and then the next request`, async () => {
        let answers: [Response, Response] | undefined;
        const log = await captureLog(async () => {
          answers = await answersTo(change);
        });
        expect(answers?.map(({ status }) => status)).to.deep.equal([500, 200]);
        // A thread has its own.
        if (mode === 'on the event loop') expect(log).to.match(/this one is odd|setEncoding\('utf8'\)/);
      });
    }
  });
}

const unreadable = {
  toString() {
    throw new Error('this one is odd');
  },
};
