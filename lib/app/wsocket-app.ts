/** The framework: routes, events, and middleware that adds both to any other application. */
import { inspect } from 'node:util';
import { TOKEN } from '../environ/syntax.js';
import type {
  AnyEnviron,
  ApplicationOn,
  Body,
  Bytes,
  Environ,
  EnvironOf,
  MaybePromise,
  Message,
  Mode,
  StartResponse,
  WebSocketOn,
} from '../environ/types.js';
import { WebSocket } from '../environ/websocket/websocket.js';
import { publish } from '../subscription.js';
import { notFoundPage } from './error-page.js';
import type { EventHandlers } from './event.js';
import { Conversation, defaultEvents, type OnClose, type OnConnect, type OnMessage } from './event-app.js';
import { Response } from './response.js';
import {
  type FrameworkStartResponse,
  type Handler,
  pathText,
  type RouteDecorator,
  Routes,
} from './routes.js';

/** A function, for which the class that is being made has a method `handle`. */
type Self = ApplicationOn<AnyEnviron> & {
  handle(environ: AnyEnviron, start_response: StartResponse): MaybePromise<Body>;
};

/**
 * A constructor that returns a function with the prototype of the class that is being made. Fields of subclasses are
 * then set on that function, `instanceof` and overriding work, and a gateway sees a plain function.
 */
function CallableBase(): ApplicationOn<AnyEnviron> {
  const self = ((environ, start_response) => self.handle(environ, start_response)) as Self;
  return Object.setPrototypeOf(self, new.target?.prototype);
}
// `call`, `apply` and `bind` as any function has them.
Object.setPrototypeOf(CallableBase.prototype, Function.prototype);

/** The base of a class whose instances are functions; the cast states what its constructor does. */
export const Callable = CallableBase as unknown as new <E extends AnyEnviron = Environ>() => ApplicationOn<E>;

/** What `publish()` gives: a promise at most on the event loop. */
type PublishedOn<E extends AnyEnviron> = ReturnType<WebSocketOn<E>['publish']>;

/** RFC 6455 section 1.3: hashed with the client's key into the answer to a handshake. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** 13 is RFC 6455; 8 and 7 are drafts with the same frames. */
const SUPPORTED_VERSIONS = Object.freeze([13, 8, 7] as const);

/**
 * A WSGI application: `run(app)` and every gateway call it as `app(environ, start_response)`. Handlers that block, for
 * `run(app, { threads: 8 })`, are typed by `new WSocketApp<'blocking'>()`.
 */
export class WSocketApp<M extends Mode | AnyEnviron = 'async'> extends Callable<EnvironOf<M>> {
  static readonly GUID = GUID;
  static readonly SUPPORTED_VERSIONS = SUPPORTED_VERSIONS;
  static readonly websocketClass = WebSocket;

  readonly GUID = GUID;
  readonly SUPPORTED_VERSIONS = SUPPORTED_VERSIONS;
  /** The class of `environ['wsgi.websocket']`. */
  readonly websocketClass = WebSocket;
  /** Path to handler, of this application alone. */
  readonly routes = new Routes<EnvironOf<M>>();
  /** What answers where no route matches. */
  readonly app: ApplicationOn<EnvironOf<M>> | undefined;
  /** Subprotocols that this application speaks; the first that a client asks for and that is here is answered. */
  readonly protocols: readonly string[];
  /**
   * URL of the new-issue form that the report button of an error page opens; undefined: the button copies a report to
   * the clipboard; empty for no button.
   */
  issueTracker: string | undefined;
  readonly #events = defaultEvents<WebSocketOn<EnvironOf<M>>>();

  /**
   * @param app any other application: it gets the requests that no route matches, just as they came.
   * @param protocols one WebSocket subprotocol, or a list of them.
   */
  constructor(app?: ApplicationOn<EnvironOf<M>> | null, protocols: string | readonly string[] = []) {
    super();
    if (app !== undefined && app !== null && typeof app !== 'function') {
      throw new TypeError(`WSocketApp wraps an application, a function, not ${inspect(app)}`);
    }
    this.app = app ?? undefined;
    this.protocols = Object.freeze(typeof protocols === 'string' ? [protocols] : [...protocols]);
    for (const protocol of this.protocols) {
      // RFC 6455 section 4.1: a subprotocol is a token of RFC 9110.
      if (typeof protocol !== 'string' || !TOKEN.test(protocol)) {
        throw new TypeError(
          `${inspect(protocol)} is not a WebSocket subprotocol: use letters, digits, dots and dashes`,
        );
      }
    }
  }

  /** One request. A route first, then the wrapped application, then the event app, which stands in for no routes. */
  handle(environ: EnvironOf<M>, start_response: StartResponse): MaybePromise<Body> {
    const websocket = environ['wsgi.websocket'];
    if (websocket !== undefined && this.protocols.length > 0) websocket.supportedProtocols = this.protocols;
    const handler = this.#find(environ);
    // Called as a plain function: without `this`.
    const { app } = this;
    if (handler === undefined && app !== undefined) return app(environ, start_response);
    const response = new Response(environ, start_response, { issueTracker: this.issueTracker });
    return response.run(handler ?? ((...request) => this.notFound(...request)));
  }

  /** `@app.route('/path')`, `app.route('/path')(handler)` or `app.route('/path', handler)`. */
  route(path: string): RouteDecorator<EnvironOf<M>>;
  route<H extends Handler<EnvironOf<M>>>(path: string, handler: H): H;
  route<H extends Handler<EnvironOf<M>>>(path: string, handler?: H): RouteDecorator<EnvironOf<M>> | H {
    if (handler === undefined) return this.routes.decorator(path);
    this.routes.set(path, handler);
    return handler;
  }

  /** Answers what no route matches. Override it in a subclass, or assign another handler. */
  notFound(environ: EnvironOf<M>, start_response: FrameworkStartResponse): unknown {
    start_response(404);
    // PEP 3333: what would be empty may be missing.
    const { SCRIPT_NAME = '', PATH_INFO = '', QUERY_STRING = '' } = environ;
    return notFoundPage(pathText(SCRIPT_NAME + PATH_INFO), QUERY_STRING);
  }

  /** As the function `publish`: to all clients that have subscribed to the topic, `client.subscribe(topic)`. */
  publish(topic: string, message: string | Bytes): PublishedOn<EnvironOf<M>> {
    return publish(topic, message) as PublishedOn<EnvironOf<M>>;
  }

  /** The event app, as a handler for a route: the page below for a request that is not a WebSocket. */
  eventApp(environ: EnvironOf<M>, start_response: FrameworkStartResponse): unknown {
    const websocket = environ['wsgi.websocket'];
    if (websocket !== undefined) return new Conversation(websocket, this.#events).run();
    start_response();
    return '<h1>Hello World!</h1>';
  }

  /**
   * `onconnect.add((client) => …)`; or assign: one handler, or a list, in place of all others. Default: the echo demo.
   */
  get onconnect(): OnConnect<WebSocketOn<EnvironOf<M>>> {
    return this.#events.onconnect;
  }

  set onconnect(handlers: EventHandlers<[client: WebSocketOn<EnvironOf<M>>]>) {
    this.#events.onconnect.replace(handlers);
  }

  /** `(message, client)`: text or a Buffer, as it was sent. */
  get onmessage(): OnMessage<WebSocketOn<EnvironOf<M>>> {
    return this.#events.onmessage;
  }

  set onmessage(handlers: EventHandlers<[message: Message, client: WebSocketOn<EnvironOf<M>>]>) {
    this.#events.onmessage.replace(handlers);
  }

  /** `(message, client)`: the reason that the peer gave, and the closed WebSocket. */
  get onclose(): OnClose<WebSocketOn<EnvironOf<M>>> {
    return this.#events.onclose;
  }

  set onclose(handlers: EventHandlers<[message: string, client: WebSocketOn<EnvironOf<M>>]>) {
    this.#events.onclose.replace(handlers);
  }

  #find(environ: EnvironOf<M>): Handler<EnvironOf<M>> | undefined {
    // Fast path, and the event app: nothing to look for.
    if (this.routes.size === 0) {
      return this.app === undefined ? (...request) => this.eventApp(...request) : undefined;
    }
    // Empty where the application is mounted: the path of its root (PEP 3333 "environ Variables").
    return this.routes.find(pathText(environ.PATH_INFO ?? '') || '/');
  }
}
