/** The plugin for chai: what its assertions say, and that it brings no chai along. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AssertionError, expect, use } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { wsgiResponses } from '../../lib/testing/chai.js';
import { Client } from '../../lib/testing/client.js';

use(wsgiResponses);

const app: Application = (environ, start_response) => {
  if (environ.PATH_INFO === '/old') start_response('302 Found', [['Location', '/new']]);
  else
    start_response('201 Created', [
      ['Content-Type', 'application/json'],
      ['X-A', '1'],
      ['X-A', '2'],
    ]);
  return [Buffer.from('{"a":[1]}')];
};

const client = new Client(app);

describe('the chai plugin of wsgi/testing', () => {
  it('claims what is so', async () => {
    const response = await client.get();
    expect(response)
      .to.have.status(201)
      .and.status('201 Created')
      .and.header('content-type', 'application/json')
      .and.header('X-A', '1, 2')
      .and.header('X-A')
      .and.header('Content-Type', /json$/)
      .and.text('{"a":[1]}')
      .and.text(/^\{/)
      .and.json({ a: [1] });
    expect(response).not.to.have.status(200);
    expect(response).not.to.have.header('X-B');
    expect(response).not.to.have.header('X-A', '1');
    expect(response).not.to.have.text('');
    expect(response).not.to.have.json({ a: ['1'] });
    expect(response).not.to.redirectTo('/new');
    expect(await client.get('/old')).to.redirectTo('/new');
  });

  it('says what is not so, and what is instead', async () => {
    const response = await client.get();
    const claims: [() => unknown, string][] = [
      [() => expect(response).to.have.status(200), 'expected the status 200, not 201 Created'],
      [() => expect(response).not.to.have.status(201), 'expected a status other than 201 Created'],
      [() => expect(response).to.have.header('X-B'), 'expected the header X-B, not undefined'],
      [() => expect(response).to.have.header('X-A', '1'), "expected the header X-A '1', not '1, 2'"],
      [() => expect(response).to.have.text('no'), `expected the body 'no', not '{"a":[1]}'`],
      [() => expect(response).to.have.json([]), 'expected the JSON [], not { a: [ 1 ] }'],
      [() => expect(response).to.redirectTo('/'), "expected a redirect to '/', not 201 Created to undefined"],
      [
        () => expect(response, 'the page').to.have.status(200),
        'the page: expected the status 200, not 201 Created',
      ],
    ];
    for (const [claim, message] of claims) expect(claim).to.throw(AssertionError, message);
  });

  it('is about responses only', () => {
    expect(() => expect({}).to.have.status(200)).to.throw(
      TypeError,
      'status() is about a response of wsgi/testing',
    );
    const forgotten = Promise.resolve();
    expect(() => expect(forgotten).to.have.text('')).to.throw(TypeError, 'await the request first');
  });

  it('imports neither chai nor mocha, as nothing of wsgi/testing does', () => {
    const folder = fileURLToPath(new URL('../../lib/testing/', import.meta.url));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    expect(files).to.include('chai.ts');
    const importing = files.filter((file) =>
      /^\s*(?:import|export)\b[^;]*['"](?:chai|mocha)['"];$/m.test(
        readFileSync(folder + file, 'utf8').replace(/^ \*.*$/gm, ''),
      ),
    );
    expect(importing).to.deep.equal([]);
  });
});
