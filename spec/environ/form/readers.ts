/** The two ways in which `parseForm` reads, for the specs that both have to meet. */

import type { BlockingFilePart, FilePart } from '../../../lib/environ/form/file.js';
import type { BlockingForm } from '../../../lib/environ/form/form.js';
import { type Form, parseForm } from '../../../lib/environ/form/form.js';
import type { FormOptionsOf } from '../../../lib/environ/form/options.js';
import { BlockingBodyInput, BodyInput } from '../../../lib/environ/input/input.js';
import { blockingSource, source } from '../bodies.js';

export type EitherOptions = FormOptionsOf<FilePart | BlockingFilePart>;

export interface Body {
  /** Text is latin-1. */
  pieces: Iterable<string | Buffer>;
  /** Instead of an end. */
  error?: Error;
  /** A read gives no more than the next piece, as it may where middleware replaced `wsgi.input`. */
  short?: boolean;
}

export interface FormReader {
  readonly name: string;
  read(body: Body, options: EitherOptions, contentType: string | undefined): Promise<Form | BlockingForm>;
}

function typeKey(contentType: string | undefined): { CONTENT_TYPE?: string } {
  return contentType === undefined ? {} : { CONTENT_TYPE: contentType };
}

export const ON_EVENT_LOOP: FormReader = {
  name: 'on the event loop',
  read({ pieces, error, short }, options, contentType) {
    const input = new BodyInput(source(pieces, error));
    if (short) input.read = input.read1;
    return parseForm({ ...typeKey(contentType), 'wsgi.input': input }, options);
  },
};

export const BLOCKING: FormReader = {
  name: 'in a worker thread',
  // The form is there, or the error thrown, when it returns; the promise is for the specs alone.
  async read({ pieces, error, short }, options, contentType) {
    const input = new BlockingBodyInput(blockingSource(pieces, error));
    if (short) input.read = input.read1;
    const environ = {
      ...typeKey(contentType),
      'wsgi.input': input,
      'node.nonblocking': false as const,
    };
    return parseForm(environ, options);
  },
};

export const READERS: readonly FormReader[] = [ON_EVENT_LOOP, BLOCKING];
