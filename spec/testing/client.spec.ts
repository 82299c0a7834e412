/** `Client`: requests and responses in memory. */
import { expect } from 'chai';
import { WSocketApp } from '../../lib/app/wsocket-app.js';
import { parseForm } from '../../lib/environ/form/form.js';
import type { Application, Environ } from '../../lib/environ/types.js';
import { ConfigError } from '../../lib/errors.js';
import { Client } from '../../lib/testing/client.js';
import { captureLog } from '../support/serve.js';

/** Answers with what `look` makes of the environ. */
function tells(look: (environ: Environ) => unknown): Application {
  return async (environ, start_response) => {
    const body = Buffer.from(JSON.stringify(await look(environ)));
    start_response('200 OK', [['Content-Type', 'application/json']]);
    return [body];
  };
}

const answers =
  (status: string, body: string, ...headers: [string, string][]): Application =>
  (_environ, start_response) => {
    start_response(status, headers);
    return [Buffer.from(body)];
  };

async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
}

describe('Client', () => {
  it('has a method for each method of HTTP', async () => {
    const client = new Client(tells(({ REQUEST_METHOD, PATH_INFO }) => [REQUEST_METHOD, PATH_INFO]));
    for (const method of ['get', 'post', 'put', 'patch', 'delete', 'options'] as const) {
      expect((await client[method]('/a')).json).to.deep.equal([method.toUpperCase(), '/a']);
    }
    expect((await client.open('/a', { method: 'PURGE' })).json).to.deep.equal(['PURGE', '/a']);
    expect((await client.open()).json).to.deep.equal(['GET', '/']);
  });

  it('shows status, headers, body and request of a response', async () => {
    const app = answers(
      '201 Made It',
      '{"a":"ü"}',
      ['X-A', '1'],
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['x-a', '2'],
    );
    const response = await new Client(app).put('/ü?q');
    expect(response).to.include({
      status: '201 Made It',
      statusCode: 201,
      reason: 'Made It',
      complete: true,
    });
    expect(response.headers).to.deep.equal([
      ['X-A', '1'],
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['x-a', '2'],
      ['Content-Length', '10'],
    ]);
    expect(response.header('x-A')).to.equal('1, 2');
    expect(response.headerAll('SET-COOKIE')).to.deep.equal(['a=1', 'b=2']);
    expect(response.header('x-b')).to.equal(undefined);
    expect(response.body).to.deep.equal(Buffer.from('{"a":"ü"}'));
    expect(response.text).to.equal('{"a":"ü"}');
    expect(response.json).to.deep.equal({ a: 'ü' });
    expect(response.request).to.deep.equal({ method: 'PUT', url: 'http://localhost/%C3%BC?q' });
    expect(response.history).to.deep.equal([]);
  });

  it('decodes text by its charset, whose name may be that of Python', async () => {
    const app: Application = (environ, start_response) => {
      start_response('200 OK', [['Content-Type', `text/plain; charset="${environ.QUERY_STRING}"`]]);
      return [Buffer.from('caf\xe9', 'latin1')];
    };
    const client = new Client(app);
    for (const query of ['ISO-8859-1', 'latin-1', 'iso8859_1', 'cp1252']) {
      expect((await client.get('/', { query })).text).to.equal('café');
    }
    const unknown = await client.get('/', { query: 'EBCDIC' });
    expect(() => unknown.text).to.throw(RangeError, 'charset that is not supported: "EBCDIC"');
  });

  it('shows a body that is not JSON', async () => {
    const response = await new Client(answers('200 OK', '<p>')).get();
    expect(() => response.json).to.throw(SyntaxError, 'The body is not JSON: "<p>"');
  });

  it('gets no body for HEAD, and the headers of GET', async () => {
    const response = await new Client(answers('200 OK', 'hello')).head();
    expect(response.text).to.equal('');
    expect(response.header('content-length')).to.equal('5');
  });

  it('sends forms and files that parseForm reads', async () => {
    const app = tells(async (environ) => {
      const form = await parseForm(environ);
      const files = await Promise.all(
        [...form.files].map(async ([name, file]) => [
          name,
          file.filename,
          file.contentType,
          await file.text(),
        ]),
      );
      return [[...form.fields], files];
    });
    const client = new Client(app);
    expect((await client.post('/', { form: { a: 'ü', b: [1, 2] } })).json).to.deep.equal([
      [
        ['a', 'ü'],
        ['b', '1'],
        ['b', '2'],
      ],
      [],
    ]);
    const files = { f: { content: 'héllo', filename: 'a.txt', contentType: 'text/plain' } };
    expect((await client.post('/', { form: { a: '1' }, files })).json).to.deep.equal([
      [['a', '1']],
      [['f', 'a.txt', 'text/plain', 'héllo']],
    ]);
  });

  it('sends a body that is sent as it comes', async () => {
    async function* blocks() {
      yield Buffer.from('one ');
      await new Promise(setImmediate);
      yield Buffer.from('two');
    }
    const app = tells(async (environ) => [
      environ.CONTENT_LENGTH ?? null,
      String(await environ['wsgi.input'].read()),
    ]);
    expect((await new Client(app).post('/', { body: blocks() })).json).to.deep.equal([null, 'one two']);
  });

  it('lets a body that breaks off look as from a client that left', async () => {
    async function* blocks() {
      yield Buffer.from('one');
      throw new Error('cable cut');
    }
    const app = tells(async (environ) => String(await environ['wsgi.input'].read()));
    const response = await new Client(app).post('/', { body: blocks() });
    expect(response.status).to.equal('400 Bad Request');
  });

  it('stops a body that the application does not want', async () => {
    let stopped = 0;
    function* blocks() {
      try {
        for (;;) yield Buffer.from('x');
      } finally {
        stopped++;
      }
    }
    const app = tells(async (environ) => String(await environ['wsgi.input'].read(2)));
    expect((await new Client(app).post('/', { body: blocks() })).json).to.equal('xx');
    await new Promise(setImmediate);
    expect(stopped).to.equal(1);
  });

  it('sends its own headers unless a request names them', async () => {
    const app = tells(({ HTTP_ACCEPT, HTTP_X_A }) => [HTTP_ACCEPT, HTTP_X_A]);
    const client = new Client(app, { headers: { Accept: 'text/html', 'X-A': '1' } });
    expect((await client.get()).json).to.deep.equal(['text/html', '1']);
    expect((await client.get('/', { headers: { accept: 'x/y' } })).json).to.deep.equal(['x/y', '1']);
  });

  it('passes environBase and environ on', async () => {
    const app = tells((environ) => [environ.REMOTE_ADDR, environ['my.key']]);
    const client = new Client(app, { environBase: { REMOTE_ADDR: '10.0.0.1', 'my.key': 1 } });
    expect((await client.get()).json).to.deep.equal(['10.0.0.1', 1]);
    expect((await client.get('/', { environ: { 'my.key': 2 } })).json).to.deep.equal(['10.0.0.1', 2]);
  });

  it('keeps what is written to wsgi.errors, and hands it on to a stream of the test', async () => {
    const app: Application = (environ, start_response) => {
      environ['wsgi.errors'].write('careful\n');
      environ['wsgi.errors'].writelines(['a', 'b']);
      environ['wsgi.errors'].flush();
      start_response('200 OK', []);
      return [];
    };
    expect((await new Client(app).get()).errors).to.equal('careful\nab');
    const own: string[] = [];
    const stream = { write: (text: string) => void own.push(text), writelines: () => {}, flush: () => {} };
    const response = await new Client(app, { environBase: { 'wsgi.errors': stream } }).get();
    expect([response.errors, own.join('')]).to.deep.equal(['careful\nab', 'careful\nab']);
  });

  it('keeps early hints', async () => {
    const app: Application = (environ, start_response) => {
      environ['wsgi.early_hints']?.([['Link', '</a.css>; rel=preload']]);
      start_response('200 OK', []);
      return [];
    };
    expect((await new Client(app).get()).earlyHints).to.deep.equal([[['Link', '</a.css>; rel=preload']]]);
  });

  it('answers what a server would refuse as a server does', async () => {
    const response = await new Client(answers('200 OK', '')).get('/', { headers: { Host: 'a b' } });
    expect(response.status).to.equal('400 Bad Request');
  });

  it('runs WSocketApp', async () => {
    const app = new WSocketApp();
    app.route('/hello/*')((environ) => `Hello ${environ.PATH_INFO}`);
    const client = new Client(app);
    expect((await client.get('/hello/you')).text).to.equal('Hello /hello/you');
    expect((await client.get('/nowhere')).statusCode).to.equal(404);
  });

  it('refuses an application that is not a function, and unknown options', () => {
    expect(() => new Client({} as Application)).to.throw(ConfigError);
    expect(() => new Client(answers('200 OK', ''), { baseURL: '/' } as object)).to.throw(
      /did you mean baseUrl/,
    );
  });

  it('refuses unknown options of a request', async () => {
    const error = await thrownBy(new Client(answers('200 OK', '')).get('/', { header: {} } as object));
    expect(String(error)).to.include('A request of Client has no option header (did you mean headers?)');
  });

  it('shares nothing with another client', async () => {
    const app = answers('200 OK', '', ['Set-Cookie', 'a=1']);
    const [first, second] = [new Client(app), new Client(app)];
    await first.get();
    expect([...second.cookies]).to.deep.equal([]);
  });
});

describe('an application that fails, under Client,', () => {
  const failure = new Error('as announced');
  const failures: [when: string, app: Application][] = [
    [
      'when it is called',
      () => {
        throw failure;
      },
    ],
    ['asynchronously', async () => Promise.reject(failure)],
    [
      'in its iterable',
      (_environ, start_response) => {
        start_response('200 OK', []);
        return (function* () {
          yield Buffer.from('some');
          throw failure;
        })();
      },
    ],
    [
      'in close()',
      (_environ, start_response) => {
        start_response('200 OK', []);
        return Object.assign([Buffer.from('all')], {
          close() {
            throw failure;
          },
        });
      },
    ],
    [
      'with exc_info once headers were sent',
      (_environ, start_response) => {
        start_response('200 OK', [])(Buffer.from('some'));
        start_response('500 Oops', [], failure);
        return [];
      },
    ],
  ];
  for (const [when, app] of failures) {
    it(`${when}, throws its own error in the test`, async () => {
      const log = await captureLog(async () => {
        expect(await thrownBy(new Client(app).get())).to.equal(failure);
      });
      expect(log).to.equal('');
    });
  }

  it('may throw undefined', async () => {
    const app: Application = () => Promise.reject(undefined);
    expect(await thrownBy(new Client(app).get())).to.equal(undefined);
  });

  it('may replace its response with exc_info, which is not a failure', async () => {
    const app: Application = (_environ, start_response) => {
      start_response('200 OK', [['X-Old', '1']]);
      start_response('500 Oops', [], failure);
      return [Buffer.from('sorry')];
    };
    const response = await new Client(app).get();
    expect([response.status, response.text, response.header('x-old')]).to.deep.equal([
      '500 Oops',
      'sorry',
      undefined,
    ]);
  });

  const broken: [rule: string, app: Application, message: RegExp][] = [
    ['start_response was never called', () => [Buffer.from('a')], /start_response/],
    [
      'an item is text',
      (_environ, start_response) => {
        start_response('200 OK', []);
        return ['text' as unknown as Uint8Array];
      },
      /not bytes/,
    ],
    [
      'the body is shorter than its Content-Length',
      (_environ, start_response) => {
        start_response('200 OK', [['Content-Length', '9']]);
        return [Buffer.from('a')];
      },
      /8 bytes short of its Content-Length of 9/,
    ],
  ];
  for (const [rule, app, message] of broken) {
    it(`learns which rule it broke: ${rule}`, async () => {
      await captureLog(async () => expect(String(await thrownBy(new Client(app).get()))).to.match(message));
    });
  }

  it('is answered with 500, and logged, where the test says so', async () => {
    const client = new Client(failures[0]?.[1] as Application, { throwErrors: false });
    const log = await captureLog(async () => {
      expect((await client.get()).status).to.equal('500 Internal Server Error');
    });
    expect(log).to.match(
      /ERROR:wsgi:GET \S+: Error in the application \(received \S+Z\)\nError: as announced/,
    );
    expect(await thrownBy(client.get('/', { throwErrors: true }))).to.equal(failure);
  });

  it('leaves what came of a response that it cut short, where the test says so', async () => {
    const client = new Client(failures[2]?.[1] as Application, { throwErrors: false });
    await captureLog(async () => {
      const response = await client.get();
      expect([response.complete, response.text]).to.deep.equal([false, 'some']);
    });
  });
});
