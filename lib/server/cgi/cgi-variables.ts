/** The environment of the process as native strings: its bytes decoded as latin-1 (PEP 3333 "Unicode Issues"). */

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { bytesToNative, textToNative } from '../../environ/native-string.js';

const REPLACEMENT = '\uFFFD';
/** Linux alone has the bytes that the process was started with. */
const RAW_ENVIRONMENT = '/proc/self/environ';

/**
 * Node decodes the environment as UTF-8, and puts U+FFFD for bytes that are none. Where one stands, the bytes
 * themselves are looked up in /proc; a system without it keeps the U+FFFD, as the three bytes of its UTF-8.
 * @param readRaw the environment as NUL-terminated `NAME=value`.
 */
export function readVariables(
  environment: Readonly<NodeJS.Dict<string>> = process.env,
  readRaw: () => Buffer | undefined = readRawEnvironment,
): Map<string, string> {
  const variables = new Map<string, string>();
  let lossy = false;
  for (const [name, value = ''] of Object.entries(environment)) {
    variables.set(textToNative(name), textToNative(value));
    lossy ||= value.includes(REPLACEMENT);
  }
  if (lossy) restore(variables, readRaw()?.toString('latin1') ?? '');
  return variables;
}

/** @param raw of the start of the process: what was set since then stays as it is set. */
function restore(variables: Map<string, string>, raw: string): void {
  for (const entry of raw.split('\0')) {
    const end = entry.indexOf('=');
    const name = entry.slice(0, end);
    const bytes = Buffer.from(entry.slice(end + 1), 'latin1');
    if (isUtf8(bytes)) continue;
    const decoded = textToNative(bytes.toString('utf8'));
    if (variables.get(name) === decoded) variables.set(name, bytesToNative(bytes));
  }
}

function readRawEnvironment(): Buffer | undefined {
  try {
    return readFileSync(RAW_ENVIRONMENT);
  } catch {
    return undefined;
  }
}
