/** A2: start_response with exc_info. */
import { expect } from '../expect.js';
import { generator, nameOf, PLAIN, plain, text, texts } from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

export const excInfo: Scenario[] = [
  scenario({
    id: 'E-192',
    name: 'replaces status and headers by those that come with exc_info',
    covers: ['A-020'],
    app: () => (_environ, start_response) => {
      start_response('200 OK', [
        ['X-Old', '1'],
        ['X-Both', 'old'],
      ]);
      start_response(
        '503 Busy',
        [
          ['X-New', '1'],
          ['X-Both', 'new'],
        ],
        new Error('changed my mind'),
      );
      return texts('body');
    },
    check: ({ first, body }) => {
      expect(first.status).to.equal(503);
      expect(first.headers).not.to.have.property('x-old');
      expect(first.headers['x-new']).to.equal('1');
      expect(first.headers['x-both']).to.equal('new');
      expect(body).to.equal('body');
    },
  }),
  scenario({
    id: 'A-021.generator',
    name: 'throws what exc_info holds once headers were sent, and cuts the body short',
    needs: ['cuts'],
    record: () => ({ same: false }),
    app: (seen) =>
      function* (_environ, start_response) {
        const error = new RangeError('the very error');
        start_response('200 OK', PLAIN);
        yield text('item');
        try {
          start_response('500 Too Late', PLAIN, [RangeError, error, error.stack]);
        } catch (thrown) {
          seen.same = thrown === error;
          throw thrown;
        }
        yield text('never');
      },
    connection: 'closed',
    check: ({ first, body, raw, log }, seen) => {
      expect(first.status).to.equal(200);
      expect(first.complete).to.equal(false);
      expect(body).to.equal('item');
      expect(raw.toString()).not.to.contain('Too Late').and.not.to.contain('never');
      expect(seen.same).to.equal(true);
      log.saysTimes(/the very error/, 1);
    },
  }),
  scenario({
    id: 'A-021.write',
    name: 'throws a falsy value of exc_info as it is, once write() has sent the headers',
    app: () => (_environ, start_response) => {
      const write = start_response('200 OK', PLAIN);
      write(text('sent '));
      try {
        start_response('500 Too Late', PLAIN, [null, 0, null]);
      } catch (thrown) {
        return texts(`threw ${thrown}`);
      }
      return texts('did not throw');
    },
    check: ({ first, body }) => {
      expect(first.status).to.equal(200);
      expect(body).to.equal('sent threw 0');
    },
  }),
  scenario({
    id: 'A-022',
    name: 'takes exc_info on the first call',
    app: () => (_environ, start_response) => {
      start_response('500 Oops', [['X-Error', '1']], new Error('oops'));
      return texts('an error page');
    },
    check: ({ first, body, log }) => {
      expect(first.status).to.equal(500);
      expect(first.headers['x-error']).to.equal('1');
      expect(body).to.equal('an error page');
      log.isSilent();
    },
  }),
  scenario({
    id: 'A-023.length',
    name: 'forgets the Content-Length that was replaced',
    app: () => (_environ, start_response) => {
      start_response('200 OK', plain(100));
      start_response('500 Changed', PLAIN, new Error('why'));
      return texts('short', ' page');
    },
    check: ({ first, body, log }) => {
      expect(first.headers).not.to.have.property('content-length');
      expect(body).to.equal('short page');
      log.isSilent();
    },
  }),
  scenario({
    id: 'A-023.bodiless',
    name: 'forgets that the status that was replaced has no body',
    app: () => (_environ, start_response) => {
      start_response('204 No Content', []);
      start_response('200 OK', plain(5), new Error('why'));
      return generator(['there']);
    },
    check: ({ first, body }) => {
      expect(first.status).to.equal(200);
      expect(body).to.equal('there');
    },
  }),
  scenario({
    id: 'A-024',
    name: 'checks arguments that come with exc_info as it checks others',
    app: () => (_environ, start_response) => {
      start_response('200 OK', PLAIN);
      let what = 'no error';
      try {
        start_response('500 Oops', [['X Y', '1']], new Error('why'));
      } catch (thrown) {
        what = nameOf(thrown);
      }
      start_response('500 Oops', [['X-What', what]], new Error('why'));
      return texts('page');
    },
    check: ({ first }) => {
      expect(first.status).to.equal(500);
      expect(first.headers['x-what']).to.equal('ApplicationError');
    },
  }),
  ...[[null, 0, null], [null, '', null], 0, '', false].map((given) =>
    scenario({
      id: `A-026.${JSON.stringify(given)}`,
      name: `takes exc_info ${JSON.stringify(given)} for given, falsy as it is`,
      app: () => (_environ, start_response) => {
        start_response('200 OK', PLAIN);
        start_response('500 Replaced', PLAIN, given as unknown as Error);
        return texts('page');
      },
      check: ({ first }) => expect(first.status).to.equal(500),
    }),
  ),
  scenario({
    id: 'A-027',
    name: 'sends under the new status what the first write() is given',
    app: () => (_environ, start_response) => {
      const write = start_response('200 OK', PLAIN);
      const second = start_response('500 Replaced', PLAIN, new Error('why'));
      write(text('old '));
      second(text('new '));
      return texts('end');
    },
    check: ({ first, body }) => {
      expect(first.status).to.equal(500);
      expect(body).to.equal('old new end');
    },
  }),
  scenario({
    id: 'E-191',
    name: 'lets exc_info replace the status after empty items',
    covers: ['A-028', 'A-031'],
    app: () =>
      async function* (_environ, start_response) {
        start_response('200 OK', [['X-Old', '1']]);
        yield text('');
        await new Promise((resolve) => setImmediate(resolve));
        yield text('');
        start_response('500 Changed', PLAIN, new Error('why'));
        yield text('err');
      },
    check: ({ first, body, raw }) => {
      expect(first.status).to.equal(500);
      expect(first.headers).not.to.have.property('x-old');
      expect(body).to.equal('err');
      expect(raw.toString()).not.to.contain('200 OK');
    },
  }),
];
