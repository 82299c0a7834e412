/** What PEP 3333 asks of every middleware (CONFORMANCE A18), of all of ours. */
import { expect } from 'chai';
import type { Application, Environ, StartResponse } from '../../lib/environ/types.js';
import { cascade, dispatcher, type Middleware, proxyFix, sharedData } from '../../lib/middleware/index.js';
import { choose, mirror } from '../../lib/porting/index.js';
import { answering, CountedBody, call, Exchange, environOf } from '../support/call.js';

const MIDDLEWARE: Readonly<Record<string, Middleware>> = {
  dispatcher: (app) => dispatcher(answering('404 Not Found'), { '/x': app }),
  proxyFix,
  sharedData: (app) => sharedData(app, { '/static': '.' }),
  cascade: (app) => cascade([answering('404 Not Found'), app, answering('404 Not Found')]),
  choose: (app) => choose({ '/x': true }, app, answering('404 Not Found')),
  mirror: (app) => mirror(app, answering('200 OK'), { report: () => {} }),
};

for (const [name, middleware] of Object.entries(MIDDLEWARE)) {
  describe(`${name} as a middleware`, () => {
    const wrap = (app: Application) => middleware(app);
    const environ = () => environOf('/x');

    it('A-320: gives an item for each item', async () => {
      const { items } = await call(wrap(answering('200 OK', new CountedBody('a', '', 'b'))), environ());
      expect(items).to.deep.equal(['a', '', 'b']);
    });

    it('A-321: returns before the body is iterated', () => {
      const body = new CountedBody('a', 'b');
      const result = wrap(answering('200 OK', body))(environ(), new Exchange().start_response);
      expect(result).not.to.be.instanceOf(Promise);
      expect(body).to.include({ opened: 0, closed: 0 });
    });

    it('A-322: does not write what is yielded', async () => {
      const { written } = await call(wrap(answering('200 OK', new CountedBody('a'))), environ());
      expect(written).to.deep.equal([]);
    });

    it('A-323: closes the body once', async () => {
      const body = new CountedBody('a', 'b');
      await call(wrap(answering('200 OK', body)), environ());
      expect(body).to.include({ opened: 1, steps: 2, closed: 1 });
    });

    it('A-325, A-326: hands exc_info on, and each start_response', async () => {
      const error = new Error('late');
      const app: Application = (_environ, start_response) => {
        start_response('200 OK', []);
        start_response('500 Oops', [['X-A', 'b']], [Error, error, error.stack]);
        return [];
      };
      const { starts } = await call(wrap(app), environ());
      expect(starts).to.deep.equal([
        ['200 OK', []],
        ['500 Oops', [['X-A', 'b']], [Error, error, error.stack]],
      ]);
    });

    it('A-325: lets through what start_response throws', () => {
      const app: Application = (_environ, start_response) => {
        start_response('500 Oops', [], new Error('late'));
        return [];
      };
      const throwing: StartResponse = (_status, _headers, exc_info) => {
        throw exc_info;
      };
      expect(() => wrap(app)(environ(), throwing)).to.throw('late');
    });

    it('A-327: waits for a start_response that comes with the first item', async () => {
      const app: Application = function* (_environ: Environ, start_response: StartResponse) {
        start_response('200 OK', []);
        yield Buffer.from('late');
      };
      const { status, text } = await call(wrap(app), environ());
      expect([status, text]).to.deep.equal(['200 OK', 'late']);
    });

    it('A-328: calls with two arguments, and leaves the number of those of start_response', async () => {
      const counts: number[] = [];
      const app = ((...args: Parameters<Application>) => {
        counts.push(args.length);
        return answering('200 OK')(...args);
      }) as Application;
      const { starts } = await call(wrap(app), environ());
      expect([...counts, ...starts.map((args) => args.length)]).to.deep.equal([2, 2]);
    });

    it('A-332: leaves wsgi.input alone', async () => {
      const given = environ();
      const input = given['wsgi.input'];
      await call(wrap(answering('200 OK')), given);
      expect(given['wsgi.input']).to.equal(input);
    });
  });
}
