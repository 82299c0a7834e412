/** One exchange as an entry of an HTTP Archive. */
import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import type { Answer, Fields, RecordedRequest, StoredBody } from '../exchange.js';
import { firstValue, valuesOf } from '../fields.js';
import { FileBody, MemoryBody } from './bodies.js';
import { isLatin } from './charset.js';
import type {
  HarClose,
  HarContent,
  HarEntry,
  HarHeader,
  HarPostData,
  HarRequest,
  HarResponse,
} from './har.js';

/** An exchange that is over. Messages of a conversation are written apart: they may be many. */
export interface FinishedExchange {
  readonly started: Date;
  /** `http`, or `https` where the client spoke that. */
  readonly scheme: string;
  /** What stands for the host in `url` if the request names none. */
  readonly authority: string;
  /** `1.1`. */
  readonly requestVersion: string;
  readonly request: RecordedRequest;
  readonly answer?: Answer | undefined;
  /** Milliseconds from its start to its end. */
  readonly time: number;
  /** Why there is no answer. */
  readonly failure?: string | undefined;
  readonly close?: HarClose | undefined;
}

/** @param folder the name of the folder that has the large bodies. */
export function entryOf(exchange: FinishedExchange, folder: string): HarEntry {
  const { request, answer, close, time } = exchange;
  const { head = time, first, last = time } = answer?.times ?? {};
  return {
    startedDateTime: exchange.started.toISOString(),
    time: round(time),
    request: requestOf(exchange, folder),
    response: answer === undefined ? noAnswer(exchange.failure) : responseOf(request, answer, folder),
    cache: {},
    timings: {
      send: 0,
      wait: round(head),
      receive: round(Math.max(0, last - head)),
      ...(first !== undefined && { _first: round(first) }),
    },
    ...(close !== undefined && { _resourceType: 'websocket', _webSocketClose: close }),
  };
}

function requestOf(exchange: FinishedExchange, folder: string): HarRequest {
  const { request, scheme, authority, requestVersion } = exchange;
  const { method, target, fields, body } = request;
  const websocket = exchange.close !== undefined;
  const host = firstValue(fields, 'host') || authority;
  const origin = `${websocket ? scheme.replace('http', 'ws') : scheme}://${host}`;
  const url = origin + (target.startsWith('/') ? target : '/');
  const question = target.indexOf('?');
  return {
    method,
    url,
    ...((!target.startsWith('/') || target.includes('#')) && { _target: target }),
    httpVersion: `HTTP/${requestVersion}`,
    cookies: valuesOf(fields, 'cookie').flatMap(cookiesOf),
    headers: headersOf(fields),
    queryString:
      question === -1
        ? []
        : [...new URLSearchParams(target.slice(question))].map(([name, value]) => ({ name, value })),
    ...((body.size > 0 || body.cut) && { postData: postDataOf(request, folder) }),
    headersSize: -1,
    bodySize: body.size,
  };
}

function postDataOf({ fields, body }: RecordedRequest, folder: string): HarPostData {
  const mimeType = firstValue(fields, 'content-type') ?? '';
  const cut = body.cut ? ({ _cut: true } as const) : {};
  const { text, base64, file } = placeOf(body, mimeType, folder);
  return {
    mimeType,
    text: text ?? '',
    ...(base64 !== undefined && { _base64: base64 }),
    ...(file !== undefined && { _file: file }),
    ...cut,
  };
}

function responseOf(request: RecordedRequest, answer: Answer, folder: string): HarResponse {
  const { fields, body, trailers } = answer;
  return {
    status: answer.status,
    statusText: answer.reason,
    httpVersion: `HTTP/${answer.version}`,
    cookies: valuesOf(fields, 'set-cookie').flatMap((value) => cookiesOf(value.split(';', 1)[0] ?? '')),
    headers: headersOf(fields),
    ...(trailers.length > 0 && { _trailers: headersOf(trailers) }),
    content: contentOf(request, answer, folder),
    redirectURL: firstValue(fields, 'location') ?? '',
    headersSize: -1,
    bodySize: body.size,
  };
}

function contentOf({ method }: RecordedRequest, { fields, body }: Answer, folder: string): HarContent {
  const mimeType = firstValue(fields, 'content-type') ?? '';
  const coding = firstValue(fields, 'content-encoding');
  const { text, base64, file } = placeOf(
    body,
    coding === undefined ? mimeType : 'application/octet-stream',
    folder,
  );
  return {
    size: body.size,
    mimeType,
    ...(text !== undefined && method !== 'HEAD' && { text }),
    ...(base64 !== undefined && { text: base64, encoding: 'base64' }),
    ...(file !== undefined && { _file: file }),
    ...(coding !== undefined && { _coded: coding }),
    ...(body.cut && { _cut: true }),
    ...(body.missing && { _missing: true }),
  };
}

/** Where the bytes of a body stand. */
function placeOf(
  body: StoredBody,
  mimeType: string,
  folder: string,
): { text?: string; base64?: string; file?: string } {
  if (body instanceof FileBody) return { file: `${folder}/${basename(body.path)}` };
  if (!(body instanceof MemoryBody))
    throw new TypeError('A body of an archive is a MemoryBody or a FileBody');
  const { bytes } = body;
  // Text only where reading it gives the same bytes.
  const plain = bytes.every((byte) => byte < 0x80);
  if (plain || (isUtf8(bytes) && !isLatin(mimeType))) return { text: bytes.toString('utf8') };
  return { base64: bytes.toString('base64') };
}

function noAnswer(failure: string | undefined): HarResponse {
  return {
    status: 0,
    statusText: '',
    httpVersion: '',
    cookies: [],
    headers: [],
    content: { size: 0, mimeType: '' },
    redirectURL: '',
    headersSize: -1,
    bodySize: -1,
    ...(failure !== undefined && { _error: failure }),
  };
}

function headersOf(fields: Fields): HarHeader[] {
  return fields.map(([name, value]) => ({ name, value }));
}

function cookiesOf(value: string): HarHeader[] {
  return value
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return { name: pair.slice(0, Math.max(0, equals)), value: pair.slice(equals + 1) };
    });
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
