/** What the applications of specs answer with, and how that is read. */
import type { Body, Environ, StartResponse } from '../../lib/environ/types.js';

/** Plain text, one block. */
export function answer(start_response: StartResponse, text = 'ok', status = '200 OK'): Body {
  start_response(status, [['Content-Type', 'text/plain']]);
  return [Buffer.from(text)];
}

/** What an application was given, as it answers it. */
export interface Shown {
  SCRIPT_NAME: string;
  PATH_INFO: string;
  QUERY_STRING: string;
  REQUEST_URI: string;
  body: string;
  [key: string]: unknown;
}

/** Answers with the strings of its environ, and its body, as JSON. */
export async function show(environ: Environ, start_response: StartResponse): Promise<Buffer[]> {
  const body = (await environ['wsgi.input'].read()).toString('latin1');
  const strings = Object.entries(environ).filter(([, value]) => typeof value === 'string');
  start_response('200 OK', [['Content-Type', 'application/json']]);
  return [Buffer.from(JSON.stringify({ ...Object.fromEntries(strings), body }))];
}

/** Asks for a path of an application that is `show`. */
export async function shown(url: string, options?: RequestInit): Promise<Shown> {
  const response = await fetch(url, options);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Shown;
}

/** SCRIPT_NAME and PATH_INFO, with a mark between them. */
export function paths({ SCRIPT_NAME, PATH_INFO }: Shown): string {
  return `${SCRIPT_NAME} | ${PATH_INFO}`;
}
