/** Anything can be thrown in JavaScript: its type, message and stack, without ever throwing. */
import { inspect } from 'node:util';
import type { ExcInfo } from '../environ/types.js';
import { CLOSED_CODE } from '../environ/websocket/error.js';
import { ClientDisconnected, WsgiError } from '../errors.js';
import { describeThrown } from '../logger.js';

const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;
const CONTROL_BUT_LINES = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** `TypeError`; for anything but an Error, its type: `string`, `null`. */
export function thrownType(thrown: unknown): string {
  return attempt(() => {
    if (thrown instanceof Error) return String(thrown.name);
    return thrown === null ? 'null' : typeof thrown;
  });
}

export function thrownMessage(thrown: unknown): string {
  return attempt(() => {
    if (thrown instanceof Error) return String(thrown.message);
    return typeof thrown === 'string' ? thrown : inspect(thrown);
  });
}

/** Stack and causes, safe to print: control characters that a terminal acts on are escaped. */
export function thrownStack(thrown: unknown): string {
  return attempt(() => describeThrown(thrown).replace(CONTROL_BUT_LINES, escapeCharacter));
}

/** It only says that the client left: there is no one to answer, and nothing to report. */
export function isGone(thrown: unknown): boolean {
  return thrown instanceof ClientDisconnected || (thrown instanceof WsgiError && thrown.code === CLOSED_CODE);
}

/** What goes to the server's start_response (PEP 3333): a triple, so that a thrown `null` counts as well. */
export function toExcInfo(thrown: unknown): ExcInfo {
  return [thrownType(thrown), thrown];
}

/** One line of text for a log, whatever a client put into it. */
export function oneLine(text: string): string {
  return text.replace(CONTROL, escapeCharacter);
}

function escapeCharacter(character: string): string {
  if (character === '\n') return '\\n';
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
}

/** Getters and `toString` of what was thrown are code of the application. */
function attempt(describe: () => string): string {
  try {
    return describe();
  } catch {
    return 'unknown';
  }
}
