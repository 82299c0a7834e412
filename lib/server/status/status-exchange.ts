/**
 * A request for the status: an exchange whose answer is the server's own, also while all threads are busy. It reaches no
 * application, and is neither counted nor in the access log, so that reading the numbers does not change them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buildEnviron } from '../../environ/environ.js';
import { BodyInput } from '../../environ/input/input.js';
import { asPromise, isPromise } from '../../environ/maybe-promise.js';
import type { Environ } from '../../environ/types.js';
import type { Connection } from '../http/connection.js';
import { Exchange, type Service } from '../http/exchange.js';
import type { RequestBody } from '../http/request-body.js';
import type { StatusAnswer, StatusPage } from './status-page.js';

export class StatusExchange extends Exchange {
  readonly #page: StatusPage;

  constructor(
    page: StatusPage,
    service: Service,
    connection: Connection,
    message: IncomingMessage,
    response: ServerResponse,
    body: RequestBody | undefined,
  ) {
    super(service, connection, message, response, body);
    this.#page = page;
    page.readers++;
  }

  override serve(): void {
    try {
      this.check();
      const answer = this.#page.answer(this.environ());
      if (!isPromise(answer)) this.#send(answer);
      else {
        asPromise(answer)
          .then((come) => this.#send(come))
          .catch((error) => this.fail(error));
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** The path is that of the server, wherever the application is mounted. */
  override environ(): Environ {
    const { facts, forwarded } = this.service;
    const environ = buildEnviron(
      this.message,
      this.connection,
      { ...facts, scriptName: '', baseEnviron: undefined },
      { input: new BodyInput(this.body) },
    );
    forwarded?.apply(environ);
    return environ;
  }

  protected override record(): void {}

  protected override over(): void {
    this.#page.readers--;
    super.over();
  }

  #send({ head, body }: StatusAnswer): void {
    this.sink.head(head);
    this.sink.end(head.bodiless ? undefined : body);
    this.done();
  }
}
