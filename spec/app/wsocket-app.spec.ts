import { expect } from 'chai';
import type { FrameworkStartResponse, Handler } from '../../lib/app/routes.js';
import { WSocketApp } from '../../lib/app/wsocket-app.js';
import type { Application, Environ, StartResponse } from '../../lib/environ/types.js';
import { WebSocket } from '../../lib/environ/websocket/websocket.js';
import { call, Exchange, environOf } from '../support/call.js';
import { FakeSocket, logged, turn } from './support.js';

describe('WSocketApp', () => {
  const text =
    (body: string): Handler =>
    () =>
      body;

  it('is an application that is called as a function', async () => {
    const app = new WSocketApp();
    const plain: Application = app;
    expect(app).to.be.a('function').and.to.be.instanceOf(WSocketApp);
    expect((await call(plain)).status).to.equal('200 OK');
  });

  it('tells the facts of its protocol', () => {
    for (const facts of [WSocketApp, new WSocketApp()]) {
      expect(facts.GUID).to.equal('258EAFA5-E914-47DA-95CA-C5AB0DC85B11');
      expect(facts.SUPPORTED_VERSIONS).to.deep.equal([13, 8, 7]);
      expect(facts.websocketClass).to.equal(WebSocket);
    }
  });

  it('answers synchronously when its handler does', () => {
    const app = new WSocketApp();
    app.route('/', text('Hello World!'));
    const { environ, start_response } = new Exchange(environOf());
    expect(app(environ, start_response)).to.deep.equal([Buffer.from('Hello World!')]);
  });

  it('hands environ and start_response to a handler', async () => {
    const app = new WSocketApp();
    app.route('/')((environ, start_response) => {
      const wsock = environ['wsgi.websocket'];
      if (!wsock) {
        start_response();
        return 'Hello World!';
      }
      return undefined;
    });
    expect((await call(app)).text).to.equal('Hello World!');
  });

  describe('#route', () => {
    it('takes a path and a handler, and returns the handler', () => {
      const app = new WSocketApp();
      const handler = text('x');
      expect(app.route('/a', handler)).to.equal(handler);
      expect(app.route('/b')(handler)).to.equal(handler);
      expect([...app.routes.keys()]).to.deep.equal(['/a', '/b']);
    });

    it('is a standard method decorator', async () => {
      const app = new WSocketApp();
      class Site {
        @app.route('/hello')
        hello(_environ: Environ, start_response: FrameworkStartResponse) {
          start_response(201);
          return 'hello';
        }

        @app.route('/static')
        static page() {
          return 'static';
        }
      }
      expect((await call(app, environOf({ PATH_INFO: '/hello' }))).status).to.equal('201 Created');
      expect((await call(app, environOf({ PATH_INFO: '/static' }))).text).to.equal('static');
      expect(app.routes.get('/hello')).to.equal(Site.prototype.hello);
    });

    it('is a legacy method decorator', async () => {
      const app = new WSocketApp();
      const target = { hello: text('hello') };
      const descriptor = Object.getOwnPropertyDescriptor(target, 'hello') as TypedPropertyDescriptor<Handler>;
      expect(app.route('/hello')(target, 'hello', descriptor)).to.equal(descriptor);
      expect(descriptor.value).to.equal(target.hello);
      expect((await call(app, environOf({ PATH_INFO: '/hello' }))).text).to.equal('hello');
    });

    it('keeps the routes of two applications apart', async () => {
      const [one, two] = [new WSocketApp(), new WSocketApp()];
      one.route('/', text('one'));
      two.route('/x', text('two'));
      expect((await call(two)).status).to.equal('404 Not Found');
      expect((await call(one)).text).to.equal('one');
    });

    it('matches the percent-decoded path as UTF-8, and the path alone', async () => {
      const app = new WSocketApp();
      app.route('/café', text('coffee'));
      const exchange = await call(app, environOf({ PATH_INFO: '/caf\xc3\xa9', QUERY_STRING: 'a=/x' }));
      expect(exchange.text).to.equal('coffee');
    });

    it('takes an empty path, where the application is mounted, for its root', async () => {
      const app = new WSocketApp();
      app.route('/', text('root'));
      expect((await call(app, environOf({ SCRIPT_NAME: '/api', PATH_INFO: '' }))).text).to.equal('root');
    });

    it('takes an exact path first, then prefixes in order', async () => {
      const app = new WSocketApp();
      app.route('/a*', text('a*'));
      app.route('/a/b*', text('a/b*'));
      app.route('/a/b', text('a/b'));
      expect((await call(app, environOf({ PATH_INFO: '/a/b' }))).text).to.equal('a/b');
      expect((await call(app, environOf({ PATH_INFO: '/a/b/c' }))).text).to.equal('a*');
    });

    it('takes an ordinary WSGI application as handler', async () => {
      const inner: Application = (_environ, start_response) => {
        start_response('202 Accepted', [['Content-Type', 'text/plain']]);
        return [Buffer.from('inner')];
      };
      const app = new WSocketApp();
      app.route('*', inner);
      const exchange = await call(app);
      expect([exchange.status, exchange.text]).to.deep.equal(['202 Accepted', 'inner']);
    });
  });

  describe('#notFound', () => {
    function withRoute<T extends WSocketApp>(app: T): T {
      app.route('/known', text('x'));
      return app;
    }

    it('names path and query, escaped', async () => {
      const exchange = await call(
        withRoute(new WSocketApp()),
        environOf({
          SCRIPT_NAME: '/app',
          PATH_INFO: '/<script>',
          QUERY_STRING: '<img>',
        }),
      );
      expect(exchange.status).to.equal('404 Not Found');
      expect(exchange.excInfo).to.equal(undefined);
      expect(exchange.text).to.contain('/app/&lt;script&gt;').and.contain('&lt;img&gt;');
      expect(exchange.text).to.not.match(/<script|<img/);
    });

    it('does without variables that would be empty', async () => {
      const missing = { SCRIPT_NAME: undefined, PATH_INFO: undefined, QUERY_STRING: undefined };
      expect((await call(withRoute(new WSocketApp()), environOf(missing))).status).to.equal('404 Not Found');
    });

    it('is overridden by a subclass', async () => {
      class Mine extends WSocketApp {
        greeting = 'gone';
        override notFound(_environ: Environ, start_response: FrameworkStartResponse) {
          start_response(410);
          return this.greeting;
        }
      }
      const app = withRoute(new Mine());
      expect(app).to.be.instanceOf(Mine);
      const exchange = await call(app);
      expect([exchange.status, exchange.text]).to.deep.equal(['410 Gone', 'gone']);
    });

    it('is replaced by assignment', async () => {
      const app = withRoute(new WSocketApp());
      app.notFound = () => 'mine';
      expect((await call(app)).text).to.equal('mine');
    });

    it('refuses a WebSocket where no route matches', async () => {
      const socket = new FakeSocket();
      const exchange = await call(withRoute(new WSocketApp()), environOf(socket.environ));
      expect(exchange.status).to.equal('404 Not Found');
      expect(socket.opened).to.equal(false);
    });
  });

  describe('around another application', () => {
    it('hands on what no route matches, with the original start_response, and its return value', () => {
      const body = { *[Symbol.iterator]() {}, close() {} };
      const calls: [Environ, StartResponse][] = [];
      const app = new WSocketApp((...call) => {
        calls.push(call);
        return body;
      });
      app.route('/known', text('x'));
      const { environ, start_response } = new Exchange(environOf());
      expect(app(environ, start_response)).to.equal(body);
      expect(calls).to.deep.equal([[environ, start_response]]);
      expect(calls[0]?.[1]).to.equal(start_response);
    });

    it('answers its own routes itself', async () => {
      const app = new WSocketApp(() => {
        throw new Error('not to be called');
      });
      app.route('/', text('mine'));
      expect((await call(app)).text).to.equal('mine');
    });

    it('lets the failures of the application pass', () => {
      const thrown = new Error('x');
      const app = new WSocketApp(() => {
        throw thrown;
      });
      const { environ, start_response } = new Exchange(environOf());
      expect(() => app(environ, start_response)).to.throw(thrown);
    });

    it('wraps another WSocketApp', async () => {
      const inner = new WSocketApp();
      inner.route('/inner', text('inner'));
      const outer = new WSocketApp(inner);
      outer.route('/outer', text('outer'));
      expect((await call(outer, environOf({ PATH_INFO: '/inner' }))).text).to.equal('inner');
      expect((await call(outer, environOf({ PATH_INFO: '/none' }))).status).to.equal('404 Not Found');
    });

    it('refuses what is not a function', () => {
      expect(() => new WSocketApp({} as Application)).to.throw(TypeError, /wraps an application/);
    });
  });

  describe('protocols', () => {
    it('are a string or a list, told to the WebSocket before the handler runs', async () => {
      for (const protocols of ['chat', ['chat', 'echo']]) {
        const app = new WSocketApp(null, protocols);
        const socket = new FakeSocket();
        let supported: unknown;
        app.route('/', (environ) => {
          supported = environ['wsgi.websocket']?.supportedProtocols;
        });
        await call(app, environOf(socket.environ));
        expect(supported).to.deep.equal([protocols].flat());
      }
    });

    it('are told to a wrapped application, and left as they are by one that has none', async () => {
      const inner = new WSocketApp();
      inner.route('/', text('x'));
      const socket = new FakeSocket();
      await call(new WSocketApp(inner, 'chat'), environOf(socket.environ));
      expect(socket.supportedProtocols).to.deep.equal(['chat']);
    });

    it('must be tokens', () => {
      for (const bad of ['', 'a b', 'a,b', ['a\n'], [1 as unknown as string]]) {
        expect(() => new WSocketApp(null, bad)).to.throw(TypeError, /is not a WebSocket subprotocol/);
      }
    });
  });

  describe('the event app', () => {
    it('answers an ordinary request with a greeting', async () => {
      const exchange = await call(new WSocketApp(), environOf({ PATH_INFO: '/any' }));
      expect(exchange.status).to.equal('200 OK');
      expect(exchange.text).to.equal('<h1>Hello World!</h1>');
    });

    it('tells handlers that were added or assigned', async () => {
      const app = new WSocketApp();
      const calls: unknown[] = [];
      app.onconnect.add((client) => client.send('welcome'));
      app.onmessage = (message, client) => {
        calls.push(message);
        return client.send(`got ${message}`);
      };
      app.onclose = [(message) => calls.push(`closed ${message}`), () => calls.push('second')];
      const socket = new FakeSocket();
      const done = call(app, environOf(socket.environ));
      socket.arrive('a');
      socket.arrive(null);
      const exchange = await done;
      expect(socket.sent).to.deep.equal(['welcome', 'got a']);
      expect(calls).to.deep.equal(['a', 'closed ', 'second']);
      expect(exchange.calls).to.equal(0);
    });

    it('has events of its own in each application', () => {
      const app = new WSocketApp();
      app.onmessage.add(() => {});
      expect(new WSocketApp().onmessage.handlers).to.have.length(0);
    });

    it('keeps its Event when a handler is assigned', () => {
      const app = new WSocketApp();
      const { onmessage } = app;
      app.onmessage = () => {};
      expect(app.onmessage).to.equal(onmessage);
      expect(() => {
        app.onmessage = 'x' as never;
      }).to.throw(TypeError, /onmessage.add/);
    });

    it('is a handler for a route', async () => {
      const app = new WSocketApp();
      app.route('/ws', (environ, start_response) => app.eventApp(environ, start_response));
      app.onconnect = (client) => client.send('hi');
      const socket = new FakeSocket();
      const done = call(app, environOf({ PATH_INFO: '/ws', ...socket.environ }));
      await turn();
      expect(socket.sent).to.deep.equal(['hi']);
      socket.arrive(null);
      await done;
    });
  });

  it('puts its tracker into error pages', async () => {
    const app = new WSocketApp();
    app.issueTracker = 'https://bugs.example/new';
    app.route('/', () => {
      throw new Error('x');
    });
    await logged(50, async () => {
      expect((await call(app)).text).to.contain('href="https://bugs.example/new?title=');
    });
  });
});
