/** `wsgi.input`, as a form is read from it: middleware may have replaced it by something else. */
import { isUint8Array } from 'node:util/types';
import { ApplicationError } from '../../errors.js';
import { andThen, isPromise } from '../maybe-promise.js';
import { typeName } from '../syntax.js';
import type { BlockingEnviron, Environ, MaybePromise } from '../types.js';
import { READ_SIZE } from './request.js';

export type FormInputEnviron =
  | (Pick<Environ, 'wsgi.input'> & Partial<Pick<Environ, 'node.nonblocking'>>)
  | Pick<BlockingEnviron, 'wsgi.input' | 'node.nonblocking'>;

/**
 * What reads the next block; it is empty at the end of the body. In a worker thread it never gives a promise.
 * @throws ApplicationError if there is no input, or what it gives is not bytes.
 */
export function formInput(environ: FormInputEnviron): () => MaybePromise<Buffer> {
  const input = environ['wsgi.input'] as { read?: unknown } | null | undefined;
  const blocking = environ['node.nonblocking'] === false;
  const read = input?.read;
  if (typeof read !== 'function') {
    throw new ApplicationError(
      `environ['wsgi.input'] has to be an object with a method read(size), not ${typeName(input)} (PEP 3333 "Input and Error Streams")`,
    );
  }
  return () => {
    const block: unknown = read.call(input, READ_SIZE);
    if (blocking && isPromise(block)) {
      // Whatever becomes of it, this is the error to be told.
      block.then(undefined, () => undefined);
      throw new TypeError(
        'wsgi.input.read() has to return bytes where node.nonblocking is false, not a promise',
      );
    }
    return andThen(block, asBuffer);
  };
}

function asBuffer(block: unknown): Buffer {
  if (Buffer.isBuffer(block)) return block;
  if (isUint8Array(block)) return Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  throw new ApplicationError(`wsgi.input.read() has to give bytes, not ${typeName(block)}`);
}
