/** multipart/form-data bodies for the specs, and a folder for their files that must be empty after each. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { BlockingForm, BlockingFormOptions } from '../../../lib/environ/form/form.js';
import { type Form, type FormOptions, parseForm } from '../../../lib/environ/form/form.js';
import type { FormOptionsOf } from '../../../lib/environ/form/options.js';
import type { BlockingBodyInput, BodyInput } from '../../../lib/environ/input/input.js';
import { blockingInput, input, openDescriptors } from '../bodies.js';
import { type Body, type EitherOptions, type FormReader, ON_EVENT_LOOP } from './readers.js';

export const TYPE = 'multipart/form-data; boundary=XX';
export const END = '--XX--\r\n';

export function field(name: string, value: string, ...headers: string[]): string {
  return part(`form-data; name="${name}"`, value, ...headers);
}

export function file(
  name: string,
  filename: string,
  content: string,
  type = 'application/octet-stream',
): string {
  return part(`form-data; name="${name}"; filename="${filename}"`, content, `Content-Type: ${type}`);
}

export function part(disposition: string, content: string, ...headers: string[]): string {
  return [`--XX`, `Content-Disposition: ${disposition}`, ...headers, '', content, ''].join('\r\n');
}

export const pause = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** For the `describe` in which it is made. */
export class UploadFolderFixture {
  path = '';
  readonly #reader: FormReader;

  constructor(reader: FormReader = ON_EVENT_LOOP) {
    this.#reader = reader;
    beforeEach(() => {
      this.path = mkdtempSync(join(tmpdir(), 'form-spec-'));
    });
    afterEach(async () => {
      // Whatever a spec did: no file and no descriptor stays.
      await pause();
      expect(readdirSync(this.path)).to.deep.equal([]);
      expect(openDescriptors(this.path)).to.equal(0);
      rmSync(this.path, { recursive: true });
    });
  }

  /** @param body latin-1 text, or where to read from. */
  parse(body: string | BodyInput, options: FormOptions = {}, type = TYPE): Promise<Form> {
    const stream = typeof body === 'string' ? input(Buffer.from(body, 'latin1')) : body;
    return parseForm({ CONTENT_TYPE: type, 'wsgi.input': stream }, this.#where(options));
  }

  /** In a worker thread. */
  parseBlocking(
    body: string | BlockingBodyInput,
    options: BlockingFormOptions = {},
    type = TYPE,
  ): BlockingForm {
    const stream = typeof body === 'string' ? blockingInput(Buffer.from(body, 'latin1')) : body;
    const environ = { CONTENT_TYPE: type, 'wsgi.input': stream, 'node.nonblocking': false as const };
    return parseForm(environ, this.#where(options));
  }

  /** By the reader of this fixture. */
  read(body: string | Body, options: EitherOptions = {}, type = TYPE): Promise<Form | BlockingForm> {
    return this.#reader.read(
      typeof body === 'string' ? { pieces: [body] } : body,
      this.#where(options),
      type,
    );
  }

  #where<T extends FormOptionsOf<never>>(options: T): T {
    return options.onFile === undefined ? { uploadDir: this.path, ...options } : options;
  }
}
