/** What all connections of a recording share: the archive, the secrets, and what happens if the disk is full. */
import { Spool } from '../archive/bodies.js';
import { MessageLog } from '../archive/message-log.js';
import type { ArchiveWriter } from '../archive/write.js';
import type { FinishedExchange } from '../archive/write-entry.js';
import type { Fields } from '../exchange.js';
import type { Field } from './http/head.js';
import { type Filter, UNCHANGED } from './redact/filter.js';
import type { Redaction } from './redact/redaction.js';

export class Recorder {
  /** Why nothing is recorded any more. */
  failure: Error | undefined;
  readonly #archive: ArchiveWriter;
  readonly #redaction: Redaction | undefined;
  readonly #onfailure: (error: Error) => void;
  #pending = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param redaction none: secrets are recorded as they are.
   * @param onfailure called once if the archive cannot be written.
   */
  constructor(archive: ArchiveWriter, redaction: Redaction | undefined, onfailure: (error: Error) => void) {
    this.#archive = archive;
    this.#redaction = redaction;
    this.#onfailure = onfailure;
  }

  nextNumber(): number {
    return this.#archive.nextNumber();
  }

  spool(number: number, what: 'request' | 'response'): Spool {
    return new Spool(() => this.#archive.filePath(number, what));
  }

  messageLog(number: number): MessageLog {
    return new MessageLog(() => this.#archive.filePath(number, 'messages'));
  }

  redactTarget(target: string): string {
    return this.#redaction?.target(target) ?? target;
  }

  redactFields(fields: Fields): Field[] {
    return this.#redaction?.fields(fields) ?? fields.map(([name, value]) => [name, value]);
  }

  redactMessage(data: string | Buffer): string | Buffer {
    return this.#redaction?.message(data) ?? data;
  }

  filterFor(fields: Fields, target: string): Filter {
    return this.#redaction?.body(fields, target) ?? UNCHANGED;
  }

  write(exchange: FinishedExchange, messages: MessageLog | undefined): void {
    this.attempt(() => this.#archive.add(exchange, messages));
  }

  /** Conversations whose last messages are still being inflated: one more, or one less. */
  pending(change: 1 | -1): void {
    this.#pending += change;
    if (this.#pending === 0) for (const settle of this.#waiting.splice(0)) settle();
  }

  /** Resolves once none of them is left. */
  async settled(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The traffic goes on whatever happens to the archive. */
  attempt(action: () => void): void {
    if (this.failure !== undefined) return;
    try {
      action();
    } catch (error) {
      this.failure = error as Error;
      this.#onfailure(this.failure);
    }
  }
}
