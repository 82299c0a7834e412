/** What a `http.ServerResponse` of Node throws, or gives to callbacks, when it is used in a wrong way: handlers look at the code. */
import { inspect } from 'node:util';

type NodeError = Error & { readonly code: string };

function nodeError(Class: typeof Error, code: string, message: string): NodeError {
  return Object.assign(new Class(message), { code });
}

export function nullValues(): NodeError {
  return nodeError(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
}

export function invalidChunk(chunk: unknown): NodeError {
  const received =
    chunk === undefined ? 'undefined' : `type ${typeof chunk} (${inspect(chunk, { depth: -1 })})`;
  return nodeError(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `The "chunk" argument must be of type string or an instance of Buffer or Uint8Array. Received ${received}`,
  );
}

export function writeAfterEnd(): NodeError {
  return nodeError(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end');
}

export function alreadyFinished(): NodeError {
  return nodeError(Error, 'ERR_STREAM_ALREADY_FINISHED', 'Cannot call end after a stream was finished');
}

export function destroyed(): NodeError {
  return nodeError(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');
}

/** @param given bytes of the body. @param declared those of its Content-Length. */
export function lengthMismatch(given: number, declared: number): NodeError {
  return nodeError(
    Error,
    'ERR_HTTP_CONTENT_LENGTH_MISMATCH',
    `Response body's content-length of ${given} byte(s) does not match the content-length of ${declared} byte(s) set in header`,
  );
}
