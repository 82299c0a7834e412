/** One exchange while it passes: collects what the archive will have of it, and writes it when both messages are over. */
import { type BodyEnd, NO_BODY, type Spool } from '../archive/bodies.js';
import type { MessageLog } from '../archive/message-log.js';
import type { FinishedExchange } from '../archive/write-entry.js';
import type { Answer, RecordedRequest, StoredBody } from '../exchange.js';
import type { Field, RequestLine, StatusLine } from './http/head.js';
import type { Recorder } from './recorder.js';
import type { Filter } from './redact/filter.js';

/** A body on its way: without its secrets into memory or a file. */
interface Intake {
  readonly filter: Filter;
  readonly spool: Spool;
}

export interface Origin {
  readonly scheme: string;
  readonly authority: string;
}

export class LiveExchange {
  readonly method: string;
  requestEnded = false;
  answerBegun = false;
  answerEnded = false;
  readonly number: number;
  readonly #recorder: Recorder;
  readonly #origin: Origin;
  readonly #started = new Date();
  readonly #clock = performance.now();
  readonly #line: RequestLine;
  readonly #fields: Field[];
  readonly #requestIntake: Intake;
  #requestBody: StoredBody = NO_BODY;
  #answerLine: StatusLine | undefined;
  #answerFields: Field[] = [];
  #trailers: readonly Field[] = [];
  #answerIntake: Intake | undefined;
  #answerBody: StoredBody = NO_BODY;
  #times: { head: number; first: number | undefined; last: number } | undefined;
  #messages: MessageLog | undefined;
  #written = false;

  constructor(recorder: Recorder, line: RequestLine, fields: readonly Field[], origin: Origin) {
    this.#recorder = recorder;
    this.#origin = origin;
    this.method = line.method;
    this.number = recorder.nextNumber();
    this.#line = { ...line, target: recorder.redactTarget(line.target) };
    this.#fields = recorder.redactFields(fields);
    this.#requestIntake = {
      filter: recorder.filterFor(fields, line.target),
      spool: recorder.spool(this.number, 'request'),
    };
  }

  /** For a message: without the query, which may have secrets. */
  describe(): string {
    return `${this.method} ${this.#line.target.split('?', 1)[0]}`;
  }

  addRequest(piece: Buffer): void {
    this.#recorder.attempt(() => this.#requestIntake.spool.write(this.#requestIntake.filter.push(piece)));
  }

  /** @param cut the client left before the end. */
  endRequest({ cut = false } = {}): void {
    if (this.requestEnded) return;
    this.requestEnded = true;
    this.#requestBody = this.#finish(this.#requestIntake, { cut });
  }

  beginAnswer(line: StatusLine, fields: readonly Field[]): void {
    this.answerBegun = true;
    const now = this.#elapsed();
    this.#times = { head: now, first: undefined, last: now };
    this.#answerLine = line;
    this.#answerFields = this.#recorder.redactFields(fields);
    this.#answerIntake = {
      filter: this.#recorder.filterFor(fields, this.#line.target),
      spool: this.#recorder.spool(this.number, 'response'),
    };
  }

  addAnswer(piece: Buffer): void {
    const { filter, spool } = this.#answerIntake ?? {};
    if (this.#times !== undefined) this.#times.first ??= this.#elapsed();
    this.#recorder.attempt(() => {
      if (filter !== undefined) spool?.write(filter.push(piece));
    });
  }

  endAnswer(end: BodyEnd, trailers: readonly Field[] = []): void {
    if (this.answerEnded) return;
    this.answerEnded = true;
    if (this.#times !== undefined) this.#times.last = this.#elapsed();
    this.#trailers = this.#recorder.redactFields(trailers);
    if (this.#answerIntake !== undefined) this.#answerBody = this.#finish(this.#answerIntake, end);
  }

  /** After an answer of 101, where the bytes that follow are WebSocket frames. */
  addMessage(from: 'client' | 'server', data: string | Buffer): void {
    this.#messages ??= this.#recorder.messageLog(this.number);
    const messages = this.#messages;
    const now = this.#started.getTime() + this.#elapsed();
    this.#recorder.attempt(() => messages.add(from, this.#recorder.redactMessage(data), now));
  }

  /** Both messages are over, or will not come. */
  write({ failure, close }: Pick<FinishedExchange, 'failure' | 'close'> = {}): void {
    if (this.#written) return;
    this.#written = true;
    this.endRequest({ cut: true });
    const request: RecordedRequest = {
      method: this.#line.method,
      target: this.#line.target,
      fields: this.#fields,
      body: this.#requestBody,
    };
    const exchange: FinishedExchange = {
      ...this.#origin,
      started: this.#started,
      requestVersion: this.#line.version,
      request,
      answer: this.#answer(),
      time: this.#times?.last ?? this.#elapsed(),
      failure,
      close,
    };
    const messages =
      close === undefined ? undefined : (this.#messages ?? this.#recorder.messageLog(this.number));
    this.#recorder.write(exchange, messages);
  }

  #answer(): Answer | undefined {
    if (this.#answerLine === undefined || this.#times === undefined) return undefined;
    const { head, first = head, last } = this.#times;
    return {
      ...this.#answerLine,
      fields: this.#answerFields,
      trailers: this.#trailers,
      body: this.#answerBody,
      times: { head, first, last },
    };
  }

  #finish({ filter, spool }: Intake, end: BodyEnd): StoredBody {
    let body: StoredBody = NO_BODY;
    this.#recorder.attempt(() => {
      spool.write(filter.end());
      body = spool.finish(end);
    });
    return body;
  }

  #elapsed(): number {
    return performance.now() - this.#clock;
  }
}
