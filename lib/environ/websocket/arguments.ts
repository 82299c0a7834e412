/** What an application may pass to `wsgi.websocket`: messages, close codes, subprotocols (RFC 6455). */
import { isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import type { Bytes } from '../types.js';
import { ProtocolError, WebSocketError } from './error.js';

/** RFC 6455 section 5.5: a control frame holds 125 bytes, two of them are the code. */
const MAX_REASON = 123;

/**
 * Whether a message goes out as a binary frame.
 * @throws TypeError for what is neither text nor bytes, or bytes in a text frame that are not UTF-8.
 */
export function isBinaryMessage(message: string | Bytes, binary: boolean | null | undefined): boolean {
  const isText = typeof message === 'string';
  if (!isText && !(message instanceof Uint8Array)) {
    throw new TypeError(`send() takes text or bytes, not ${inspect(message, { depth: 0 })}`);
  }
  if (binary === false && !isText && !isUtf8(message)) {
    throw new TypeError('send() got bytes for a text frame that are not UTF-8');
  }
  return binary ?? !isText;
}

/**
 * The bytes of a close reason (RFC 6455 section 7.4).
 * @throws ProtocolError for a code that no endpoint may send, or a reason that is too long.
 */
export function checkClose(code: number, message: string | Bytes): Bytes {
  if (!isCloseCode(code)) {
    throw new ProtocolError(`${inspect(code)} is not a close code: use 1000-1003, 1007-1014 or 3000-4999`);
  }
  const reason = typeof message === 'string' ? Buffer.from(message) : asReason(message);
  if (reason.length > MAX_REASON) {
    throw new ProtocolError(`A close reason has at most ${MAX_REASON} bytes, not ${reason.length}`);
  }
  return reason;
}

/** `close()` before the door is open. */
export function notOpenYet(): WebSocketError {
  return new WebSocketError(
    'The WebSocket is not open yet: refuse it with start_response(), or accept() first',
  );
}

/**
 * The subprotocol to answer: `wanted`, or the first that the client asked for and is supported.
 * @throws WebSocketError for one that the client did not ask for.
 */
export function chooseProtocol(
  asked: readonly string[],
  supported: readonly string[],
  wanted: string | undefined,
): string | undefined {
  const chosen = wanted ?? asked.find((name) => supported.includes(name));
  if (chosen !== undefined && !asked.includes(chosen)) {
    throw new WebSocketError(
      `The client did not ask for the protocol ${inspect(chosen)}, but for ${inspect(asked)}`,
    );
  }
  return chosen;
}

/** RFC 6455 section 7.4: those that an endpoint may send; 1012 to 1014 were registered since. */
function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

function asReason(message: Bytes): Bytes {
  if (!(message instanceof Uint8Array)) {
    throw new TypeError(`close() takes a reason of text or bytes, not ${inspect(message, { depth: 0 })}`);
  }
  if (!isUtf8(message)) throw new TypeError('close() got a reason that is not UTF-8');
  return message;
}
