/**
 * Writes an HTTP Archive (HAR 1.2), one entry a line, each when its exchange is over. The end of the file is written with each
 * entry, and overwritten by the next: the file is complete JSON whenever the process is killed.
 */
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from '../../errors.js';
import { packageVersion } from '../../own-files.js';
import { writeFully } from './bodies.js';
import type { MessageLog } from './message-log.js';
import { entryOf, type FinishedExchange } from './write-entry.js';

const END = '\n]}}\n';

export interface ArchiveOptions {
  /** Replaces an archive of that name, with its folder. Default: an error says that it exists. */
  readonly overwrite?: boolean;
  /** What a person should know who opens the file. */
  readonly comment?: string;
}

export class ArchiveWriter {
  /** How many exchanges it has. */
  count = 0;
  readonly path: string;
  /** For large bodies; made when the first comes. */
  readonly #folder: string;
  readonly #descriptor: number;
  /** Where the next entry begins. */
  #position = 0;
  #numbered = 0;
  #closed = false;

  /** @throws ConfigError if the file exists, or cannot be made. */
  constructor(path: string, { overwrite = false, comment }: ArchiveOptions = {}) {
    this.path = path;
    this.#folder = `${path}.d`;
    if (overwrite) rmSync(this.#folder, { recursive: true, force: true });
    else if (existsSync(path) || existsSync(this.#folder)) {
      const found = existsSync(path) ? path : this.#folder;
      throw new ConfigError(
        `${found} exists: choose another name, or replace the recording with --overwrite`,
      );
    }
    const creator = { name: 'wsgi', version: packageVersion() };
    const start = JSON.stringify({ version: '1.2', creator, ...(comment !== undefined && { comment }) });
    try {
      // Requests of users: others on the machine need not read them.
      this.#descriptor = openSync(path, 'w', 0o600);
      this.#append(`{"log":${start.slice(0, -1)},"entries":[`);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? `there is no folder ${dirname(path)}` : message;
      throw new ConfigError(`Cannot write ${path}: ${why}`, { cause: error });
    }
  }

  /** A number for the files of one exchange. */
  nextNumber(): number {
    this.#numbered += 1;
    return this.#numbered;
  }

  /** The path for the body of an exchange that is too large for the archive. */
  filePath(number: number, what: string): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    return join(this.#folder, `${String(number).padStart(6, '0')}-${what}.bin`);
  }

  /** @throws Error of the system, if the disk is full for example. */
  add(exchange: FinishedExchange, messages?: MessageLog): void {
    if (this.#closed) return;
    const text = JSON.stringify(entryOf(exchange, basename(this.#folder)));
    const start = this.count === 0 ? '\n' : ',\n';
    if (messages === undefined) this.#append(start + text);
    else {
      // Too large for memory, perhaps. Until it is complete the file ends in the middle: readers take what is before.
      this.#write(`${start}${text.slice(0, -1)},"_webSocketMessages":[`);
      for (const block of messages.blocks()) this.#write(block);
      this.#append(']}');
    }
    this.count += 1;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  #write(text: string | Buffer): void {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    writeFully(this.#descriptor, bytes, this.#position);
    this.#position += bytes.length;
  }

  /** Writes an end that the next one overwrites. */
  #append(text: string): void {
    const bytes = Buffer.from(text);
    writeFully(this.#descriptor, Buffer.from(text + END), this.#position);
    this.#position += bytes.length;
  }
}
