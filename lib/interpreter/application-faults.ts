/** What an application did wrong, in words that name the rule and say what to do. */

import { typeName } from '../environ/syntax.js';
import { ApplicationError, ConfigError } from '../errors.js';

/**
 * @param called start_response was called, but refused its arguments.
 * @param before what was then called.
 */
export function notStarted(called: boolean, before?: string): ApplicationError {
  if (before !== undefined)
    return new ApplicationError(`${before} was called without a valid start_response`);
  return new ApplicationError(
    called
      ? 'start_response was called, but what it was given was refused'
      : 'The application did not call start_response before its first block of body, or at all',
  );
}

export function late(called: string): ApplicationError {
  return new ApplicationError(`${called} was called after the response ended`);
}

/**
 * PEP 3333 "The start_response() Callable": once, and again for an error until headers were sent, which is thrown then.
 * @param open the WebSocket is open, so that there is no response any more.
 */
export function checkCall(called: boolean, headSent: boolean, open: boolean, exc_info: unknown): void {
  if (open) {
    throw new ApplicationError(
      'start_response was called although the WebSocket is open: refuse it before accept(), send() or receive(), or close() it',
    );
  }
  if (exc_info === undefined || exc_info === null) {
    if (!called) return;
    throw new ApplicationError(
      'start_response was already called: to replace what it was given, pass exc_info',
    );
  }
  if (headSent) throw thrownValue(exc_info);
}

export function openedStarted(): ApplicationError {
  return new ApplicationError(
    'The WebSocket was opened by accept(), send() or receive() although start_response was called, which refuses it',
  );
}

/** What `sys.exc_info()` holds as its value; a bare thrown value is its own. */
function thrownValue(exc_info: unknown): unknown {
  return Array.isArray(exc_info) && (exc_info.length === 3 || exc_info.length === 2) ? exc_info[1] : exc_info;
}

/** @param given where it is not an item of the body: what it was given to. */
export function badItem(value: unknown, given?: string): ApplicationError {
  const what = typeof value === 'string' ? 'a string (encode it: Buffer.from(text))' : typeName(value);
  return new ApplicationError(
    given === undefined
      ? `The body has an item that is ${what}, not bytes`
      : `${given} takes bytes, not ${what}`,
  );
}

/** @param declared the Content-Length. */
export function beyond(declared: number | undefined): ApplicationError {
  return new ApplicationError(`write() went beyond the Content-Length of ${declared} bytes`);
}

export function cutAt(declared: number | undefined): string {
  return `The body is longer than its Content-Length of ${declared}: it was cut`;
}

export function dropped(status: number | undefined): string {
  return `A response with status ${status} has no body: what the application gave was dropped`;
}

/** @throws ConfigError */
export function checkApplication(application: unknown): void {
  if (typeof application !== 'function') {
    throw new ConfigError(
      `An application is a function of (environ, start_response), not ${typeof application}`,
    );
  }
}
