/** One entry of an HTTP Archive as an exchange: of `wsgi record`, or exported from a browser. */
import type { Answer, Conversation, Exchange, Fields, Message, RecordedRequest } from '../exchange.js';
import { durationOf, type Json, listOf, numberOf, objectOf, pairsOf, textOf } from './json-value.js';
import { readContent, readPostData } from './read-body.js';

/** What a browser's archive says, and what of it is not a field of the message: it says how the body was sent. */
const CODED = new Set(['content-encoding', 'content-length', 'transfer-encoding']);

/** Why an entry is not an exchange. */
export class NoExchange extends Error {}

/**
 * @param folder of the archive: large bodies are in files below it.
 * @throws NoExchange that says why.
 */
export function exchangeOf(entry: Json, folder: string): Exchange {
  const request = requestOf(objectOf(entry['request']), folder, isBrowsers(entry));
  const started = new Date(textOf(entry['startedDateTime']) ?? Number.NaN);
  const isDated = !Number.isNaN(started.getTime());
  const answer = answerOf(entry, folder);
  const isUpgraded =
    answer?.status === 101 || (answer !== undefined && entry['_webSocketMessages'] !== undefined);
  return {
    request,
    ...(isDated && { started }),
    ...(answer !== undefined && { answer }),
    ...(isUpgraded && { conversation: conversationOf(entry, started.getTime() + (answer.times?.head ?? 0)) }),
  };
}

/** The origin that an entry's URL has, `http` where it is `ws`; undefined if it is not a URL of HTTP. */
export function originOf(entry: Json): string | undefined {
  const url = textOf(objectOf(entry['request'])['url']) ?? '';
  const match = /^(https?|wss?):\/\/([^/?#]+)/i.exec(url);
  if (match === null) return undefined;
  return `${(match[1] ?? '').toLowerCase().replace('ws', 'http')}://${(match[2] ?? '').toLowerCase()}`;
}

function requestOf(request: Json, folder: string, isBrowsers: boolean): RecordedRequest {
  const method = textOf(request['method']) ?? '';
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) throw new NoExchange('it has no method');
  const url = textOf(request['url']) ?? '';
  const target = textOf(request['_target']) ?? targetOf(url);
  if (target === undefined)
    throw new NoExchange(`${JSON.stringify(url.slice(0, 60))} is not a URL of http, https, ws or wss`);
  const fields = fieldsOf(request['headers']);
  // Of HTTP/2: `:authority` says what Host does, and is left out with the other pseudo headers.
  const host = /^[a-z]+:\/\/([^/?#]+)/i.exec(url)?.[1];
  if (valueIn(fields, 'host') === undefined && host !== undefined && isSecondVersion(request))
    fields.unshift(['Host', host]);
  const length = Number(valueIn(fields, 'content-length') ?? Number.NaN);
  const body = readPostData(objectOf(request['postData']), {
    folder,
    isBrowsers,
    length: Number.isNaN(length) ? undefined : length,
  });
  return { method, target, fields, body };
}

/** Chromium and Firefox name the page, the connection, or what asked for it; `wsgi record` names none of them. */
export function isBrowsers(entry: Json): boolean {
  return ['pageref', '_initiator', '_priority', 'connection'].some((name) => entry[name] !== undefined);
}

/** Path and query as they stand in a URL, which is not normalised. */
function targetOf(url: string): string | undefined {
  const match = /^(?:https?|wss?):\/\/[^/?#]+([^#]*)/i.exec(url);
  if (match === null) return undefined;
  const rest = match[1] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function isSecondVersion(request: Json): boolean {
  return Number(versionOf(textOf(request['httpVersion']) ?? '')) >= 2;
}

function answerOf(entry: Json, folder: string): Answer | undefined {
  const response = objectOf(entry['response']);
  const status = numberOf(response['status']) ?? 0;
  // Chromium writes 0 for what it blocked, and for connections that failed.
  if (!Number.isInteger(status) || status < 100 || status > 999) return undefined;
  const content = objectOf(response['content']);
  const all = fieldsOf(response['headers']);
  const isDecoded = textOf(content['_coded']) === undefined && valueIn(all, 'content-encoding') !== undefined;
  const method = textOf(objectOf(entry['request'])['method']) ?? '';
  const timings = objectOf(entry['timings']);
  const before = ['blocked', 'dns', 'connect', 'send', 'wait'];
  const head = before.reduce((sum, name) => sum + durationOf(timings[name]), 0);
  const first = numberOf(timings['_first']) ?? head;
  return {
    status,
    reason: textOf(response['statusText']) ?? '',
    version: versionOf(textOf(response['httpVersion']) ?? ''),
    fields: isDecoded ? all.filter(([name]) => !CODED.has(name.toLowerCase())) : all,
    trailers: fieldsOf(response['_trailers']),
    body: readContent(content, {
      method,
      status,
      bodySize: numberOf(response['bodySize']) ?? -1,
      folder,
      mimeType: valueIn(all, 'content-type'),
    }),
    times: { head, first, last: head + durationOf(timings['receive']) },
  };
}

/** `1.1` of `HTTP/1.1`, `http/2.0` and `h2`; of nothing too. */
function versionOf(text: string): string {
  const version = /^(?:http\/|h)(\d+(?:\.\d+)?)$/i.exec(text.trim())?.[1];
  return version === undefined ? '1.1' : version.replace(/^([23])\.0$/, '$1');
}

/** Without the pseudo headers of HTTP/2 (RFC 9113, section 8.3). */
function fieldsOf(headers: unknown): [name: string, value: string][] {
  const fields = pairsOf(headers).filter(([name]) => name !== '' && !name.startsWith(':'));
  // Chromium joins the values of a repeated field with line ends.
  return fields.flatMap(([name, value]) => value.split(/\r?\n/).map((one): [string, string] => [name, one]));
}

function conversationOf(entry: Json, handshake: number): Conversation {
  const close = objectOf(entry['_webSocketClose']);
  const client = objectOf(close['client']);
  const clientCode = numberOf(client['code']);
  return {
    messages: listOf(entry['_webSocketMessages']).flatMap((message) =>
      messageOf(objectOf(message), handshake),
    ),
    closeCode: numberOf(close['code']) ?? 0,
    closeReason: textOf(close['reason']) ?? '',
    ...(clientCode !== undefined && {
      clientClose: { code: clientCode, reason: textOf(client['reason']) ?? '' },
    }),
  };
}

function messageOf(message: Json, handshake: number): Message[] {
  const { type, opcode } = message;
  const data = textOf(message['data']) ?? '';
  // Chromium has a third type, `error`.
  if ((type !== 'send' && type !== 'receive') || (opcode !== 1 && opcode !== 2)) return [];
  const time = (numberOf(message['time']) ?? 0) * 1000 - handshake;
  return [
    {
      from: type === 'send' ? 'client' : 'server',
      data: opcode === 1 ? data : Buffer.from(data, 'base64'),
      time: Number.isFinite(time) ? Math.max(0, time) : 0,
    },
  ];
}

function valueIn(fields: Fields, lower: string): string | undefined {
  return fields.find(([name]) => name.toLowerCase() === lower)?.[1];
}
