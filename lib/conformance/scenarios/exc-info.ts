/** A2: start_response with exc_info. */
import assert from 'node:assert/strict';
import { generator, lacks, nameOf, PLAIN, plain, text, texts } from '../messages.js';
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
      assert.equal(first.status, 503);
      lacks(first.headers, 'x-old');
      assert.equal(first.headers['x-new'], '1');
      assert.equal(first.headers['x-both'], 'new');
      assert.equal(body, 'body');
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
      assert.equal(first.status, 200);
      assert.equal(first.complete, false);
      assert.equal(body, 'item');
      assert.ok(!raw.toString().includes('Too Late'));
      assert.ok(!raw.toString().includes('never'));
      assert.equal(seen.same, true);
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
      assert.equal(first.status, 200);
      assert.equal(body, 'sent threw 0');
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
      assert.equal(first.status, 500);
      assert.equal(first.headers['x-error'], '1');
      assert.equal(body, 'an error page');
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
    check: ({ first, body, log, can }) => {
      if (can('framing')) lacks(first.headers, 'content-length');
      assert.equal(body, 'short page');
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
      assert.equal(first.status, 200);
      assert.equal(body, 'there');
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
      assert.equal(first.status, 500);
      assert.equal(first.headers['x-what'], 'ApplicationError');
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
      check: ({ first }) => assert.equal(first.status, 500),
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
      assert.equal(first.status, 500);
      assert.equal(body, 'old new end');
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
      assert.equal(first.status, 500);
      lacks(first.headers, 'x-old');
      assert.equal(body, 'err');
      assert.ok(!raw.toString().includes('200 OK'));
    },
  }),
];
