/** `new Client(app, { blocking: true })`: an application that blocks, called on the spot. */
import { expect } from 'chai';
import { WSocketApp } from '../../lib/app/wsocket-app.js';
import { parseForm } from '../../lib/environ/form/form.js';
import type { Application, BlockingApplication, BlockingEnviron } from '../../lib/environ/types.js';
import { ApplicationError } from '../../lib/errors.js';
import { sleep } from '../../lib/sleep.js';
import { Client } from '../../lib/testing/client.js';
import { TestResponse } from '../../lib/testing/test-response.js';
import { captureLog } from '../support/serve.js';

/** Answers with what `work` gives. */
function answering(work: (environ: BlockingEnviron) => unknown): BlockingApplication {
  return (environ, start_response) => {
    const text = String(work(environ));
    start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
    return [Buffer.from(text)];
  };
}

const textOf = (work: (environ: BlockingEnviron) => unknown, ...args: Parameters<Client['post']>) =>
  new Client(answering(work), { blocking: true }).post(...args).text;

describe('Client of an application that blocks', () => {
  it('gives the response itself, for each method', () => {
    const client = new Client(
      answering((environ) => environ.REQUEST_METHOD),
      { blocking: true },
    );
    const response: TestResponse = client.get('/');
    expect(response).to.be.instanceOf(TestResponse).and.include({ status: '200 OK', text: 'GET' });
    expect(client.head('/').text).to.equal('');
    for (const method of ['post', 'put', 'patch', 'delete', 'options'] as const) {
      expect(client[method]('/').text).to.equal(method.toUpperCase());
    }
    expect(client.open('/', { method: 'PURGE' }).text).to.equal('PURGE');
  });

  it('has an environ as in threads', () => {
    expect(textOf((environ) => environ['node.nonblocking'])).to.equal('false');
    expect(textOf((environ) => [environ['wsgi.multithread'], environ['wsgi.multiprocess']])).to.equal(
      'false,false',
    );
  });

  it('reads all kinds of bodies without waiting', () => {
    const read = (environ: BlockingEnviron) => environ['wsgi.input'].read();
    expect(textOf(read, '/', { text: 'héllo' })).to.equal('héllo');
    expect(textOf(read, '/', { json: { a: 1 } })).to.equal('{"a":1}');
    expect(textOf(read, '/', { body: [Buffer.from('a'), Buffer.from('b')] })).to.equal('ab');
    expect(textOf(read, '/')).to.equal('');
    const lines = (environ: BlockingEnviron) => [...environ['wsgi.input']].length;
    expect(textOf(lines, '/', { text: 'a\nb\nc' })).to.equal('3');
    const some = (environ: BlockingEnviron) => [
      environ['wsgi.input'].readline(),
      environ['wsgi.input'].read(1),
      environ['wsgi.input'].readlines().length,
    ];
    expect(textOf(some, '/', { text: 'a\nb\nc\nd' })).to.equal('a\n,b,3');
  });

  it('sends forms and files, which parseForm gives at once', () => {
    const show = (environ: BlockingEnviron) => {
      const form = parseForm(environ);
      const file = form.files.get('photo');
      return [form.fields.get('name'), file?.filename, file?.bytes()].join(' ');
    };
    const files = { photo: { content: 'bytes', filename: 'a.jpg' } };
    expect(textOf(show, '/', { form: { name: 'Ada' }, files })).to.equal('Ada a.jpg bytes');
    expect(textOf(show, '/', { form: { name: 'Ada' } })).to.match(/^Ada/);
  });

  it('refuses what would have to be waited for', () => {
    const client = new Client(answering(String), { blocking: true });
    async function* later() {
      yield Buffer.from('x');
    }
    expect(() => client.post('/', { body: later() })).to.throw(TypeError, 'has to be waited for');
    expect(() => client.post('/', { files: { a: new Blob(['x']) } })).to.throw(TypeError, 'Blob');
    expect(() => client.get('/', { stream: true })).to.throw(TypeError, 'stream');
  });

  it('keeps cookies, and follows redirects', () => {
    const client = new Client(
      (environ: BlockingEnviron, start_response) => {
        const { HTTP_COOKIE = 'none', PATH_INFO, REQUEST_METHOD } = environ;
        if (PATH_INFO === '/in') {
          start_response('303 See Other', [
            ['Location', '/'],
            ['Set-Cookie', 'session=1'],
          ]);
          return [];
        }
        start_response('200 OK', []);
        return [Buffer.from(`${REQUEST_METHOD} ${HTTP_COOKIE}`)];
      },
      { blocking: true, followRedirects: true },
    );
    expect(client.get('/').text).to.equal('GET none');
    const response = client.post('/in', { form: { a: 'b' } });
    expect(response.text).to.equal('GET session=1');
    expect(response.history.map(({ statusCode }) => statusCode)).to.deep.equal([303]);
    expect(client.cookies.get('session')?.value).to.equal('1');
  });

  it('runs a generator, write() and close() to the end, however many blocks', () => {
    let closed = 0;
    const client = new Client(
      (_environ: BlockingEnviron, start_response) => {
        const write = start_response('200 OK', []);
        write(Buffer.from('written '));
        return Object.assign(
          (function* () {
            try {
              for (let i = 0; i < 500; i++) yield Buffer.from(i % 2 ? '' : 'x');
            } finally {
              closed++;
            }
          })(),
          { close: () => closed++ },
        );
      },
      { blocking: true },
    );
    const response = client.get('/');
    expect(response.complete).to.equal(true);
    expect(response.text).to.equal(`written ${'x'.repeat(250)}`);
    expect(closed).to.equal(2);
  });

  it('blocks in sleep(), and leaves it as it was', async () => {
    const began = performance.now();
    const slept = textOf(() => String(sleep(0.05)));
    expect(slept).to.equal('undefined');
    expect(performance.now() - began).to.be.at.least(45);
    const waiting = sleep(0);
    expect(waiting).to.be.instanceOf(Promise);
    await waiting;
  });

  it('throws what the application throws, also late; or answers with 500', async () => {
    const failing: BlockingApplication = (environ, start_response) => {
      if (environ.PATH_INFO === '/call') throw new RangeError('in the call');
      start_response('200 OK', []);
      return (function* () {
        yield Buffer.from('x');
        throw new RangeError('in the body');
      })();
    };
    const client = new Client(failing, { blocking: true });
    expect(() => client.get('/call')).to.throw(RangeError, 'in the call');
    expect(() => client.get('/body')).to.throw(RangeError, 'in the body');
    expect(() => new Client(() => [], { blocking: true }).get('/')).to.throw(
      ApplicationError,
      'start_response',
    );
    const log = await captureLog(async () => {
      expect(client.get('/call', { throwErrors: false }).statusCode).to.equal(500);
      expect(client.get('/body', { throwErrors: false }).complete).to.equal(false);
    });
    expect(log).to.contain('in the call').and.contain('in the body');
  });

  it('takes a signal that fires in the call, and one that has fired', () => {
    const aborter = new AbortController();
    const client = new Client(
      answering(() => aborter.abort()),
      { blocking: true },
    );
    const { signal } = aborter;
    expect(() => client.get('/', { signal })).to.throw('the client closed the connection');
    expect(() => client.get('/', { signal })).to.throw('aborted');
  });

  it('runs WSocketApp and an application for both modes', () => {
    const app = new WSocketApp<'blocking'>();
    app.route('/hello')((environ) => `hello ${environ['wsgi.input'].read()}`);
    expect(new Client(app, { blocking: true }).post('/hello', { text: 'you' }).text).to.equal('hello you');
    const both: Application<'either'> = (_environ, start_response) => {
      start_response('200 OK', []);
      return [Buffer.from('both')];
    };
    expect(new Client(both, { blocking: true }).get('/').text).to.equal('both');
    expect(new Client(both).get('/')).to.be.instanceOf(Promise);
  });

  describe('says so where an application does not block:', () => {
    const APPS: Readonly<Record<string, Application>> = {
      'a promise': async (_environ, start_response) => {
        start_response('200 OK', []);
        return [Buffer.from('x')];
      },
      'a promise that rejects': async () => {
        throw new Error('later');
      },
      'an async generator': (_environ, start_response) => {
        start_response('200 OK', []);
        return (async function* () {
          yield Buffer.from('x');
        })();
      },
      'an async close()': (_environ, start_response) => {
        start_response('200 OK', []);
        return Object.assign([Buffer.from('x')], { close: async () => {} });
      },
    };
    for (const [what, app] of Object.entries(APPS)) {
      it(what, async () => {
        const blocking = app as unknown as BlockingApplication;
        for (const throwErrors of [true, false]) {
          const client = new Client(blocking, { blocking: true, throwErrors });
          expect(() => client.get('/')).to.throw(
            TypeError,
            '{ blocking: true } is for applications that block',
          );
        }
        // No rejection is left behind.
        await new Promise((resolve) => setTimeout(resolve, 5));
      });
    }
  });

  it('does not compile with an application of the other kind', () => {
    const blocking = answering((environ) => environ['wsgi.input'].read());
    const asynchronous: Application = async (environ) => [await environ['wsgi.input'].read()];
    // @ts-expect-error it blocks, and the client does not.
    new Client(blocking);
    // @ts-expect-error it does not block.
    new Client(asynchronous, { blocking: true });
    class Mine extends Client {}
    const client: Client<'blocking'> = new Client(blocking, { blocking: true });
    const response: TestResponse = client.get('/');
    const promise: Promise<TestResponse> = new Mine(asynchronous).get('/').catch(() => response);
    expect(promise).to.be.instanceOf(Promise);
  });

  it('can be extended', () => {
    class Mine extends Client<'blocking'> {
      readonly textOf = (path: string): string => this.get(path).text;
    }
    const mine = new Mine(
      answering(({ PATH_INFO }) => Buffer.from(PATH_INFO)),
      { blocking: true },
    );
    expect(mine.textOf('/page')).to.equal('/page');
  });
});
