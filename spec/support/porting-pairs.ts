/** The pairs of PORTING.md, Python above and TypeScript below, and the requests that prove each: the comment before it. */
import { readFileSync } from 'node:fs';
import type { Exchange, Message, RecordedRequest, StoredBody } from '../../lib/porting/exchange.js';
import { ROOT } from './source.js';

export interface Pair {
  /** By which requests name it, in the header Pair: `p7`. */
  readonly name: string;
  readonly python: string;
  /** The first TypeScript below it. */
  readonly typescript: string;
  /** Undefined where the page gives a reason instead. */
  readonly proofs: readonly Proof[] | undefined;
  /** Why there are none. */
  readonly reason: string;
  readonly line: number;
}

export interface Proof {
  /** As the page has it. */
  readonly text: string;
  readonly exchange: Exchange;
  /** The page says that these differ. */
  readonly except: string | undefined;
}

const FENCE = /^```(python|ts)\n(.*?)^```$/gms;
const COMMENT = /<!-- (?:proof: (.*)|no proof here: (.*)) -->\n$/;
const HOST = 'pairs.example';

export function readPairs(markdown = readFileSync(`${ROOT}PORTING.md`, 'utf8')): Pair[] {
  const pairs: Pair[] = [];
  const fences = [...markdown.matchAll(FENCE)];
  for (const [i, { 1: language, 2: code = '', index }] of fences.entries()) {
    if (language !== 'python') continue;
    const name = `p${pairs.length}`;
    const [, proofs, reason = ''] = COMMENT.exec(markdown.slice(0, index)) ?? [];
    const below = fences[i + 1];
    pairs.push({
      name,
      python: code,
      typescript: below?.[1] === 'ts' ? (below[2] ?? '') : '',
      proofs: proofs?.split(' | ').map((text) => proofOf(text.trim(), name)),
      reason,
      line: markdown.slice(0, index).split('\n').length,
    });
  }
  return pairs;
}

/** The same request for another application. */
export function withName({ exchange, ...rest }: Proof, name: string): Proof {
  const fields = exchange.request.fields.map(
    ([field, value]) => [field, field === 'Pair' ? name : value] as const,
  );
  return { ...rest, exchange: { ...exchange, request: { ...exchange.request, fields } } };
}

/**
 * `GET /path`, `GET /path except body`, `POST /path BODY` (percent-encoded), `FORM /path`, or `WS /path PROTOCOL > what
 * the client says < what the server says`.
 */
function proofOf(text: string, name: string): Proof {
  const [, head = text, except] = /^(.*) except (\w+)$/.exec(text) ?? [];
  const [, kind, target = '/', rest = ''] = /^(GET|POST|FORM|WS) (\/\S*)(.*)$/.exec(head) ?? [];
  if (kind === undefined) throw new Error(`PORTING.md has a proof that is none: ${text}`);
  if (kind === 'WS') return { text, exchange: conversation(target, name, rest.trim()), except };
  const body = kind === 'FORM' ? FORM : Buffer.from(decodeURIComponent(rest.trim()));
  const fields: [string, string][] = [
    ['Host', HOST],
    ['Pair', name],
  ];
  if (kind !== 'GET') {
    const type = kind === 'FORM' ? 'multipart/form-data; boundary=XX' : 'text/plain';
    fields.push(['Content-Type', type], ['Content-Length', String(body.length)]);
  }
  const request: RecordedRequest = {
    method: kind === 'FORM' ? 'POST' : kind,
    target,
    fields,
    body: stored(body),
  };
  return { text, exchange: { request }, except };
}

function conversation(target: string, name: string, script: string): Exchange {
  const [, protocol, said = ''] = /^([^<>]*?)\s*([<>].*)$/.exec(script) ?? [];
  const messages: Message[] = [...said.matchAll(/([<>]) ([^<>]*)/g)].map(([, way, data = '']) => ({
    from: way === '>' ? 'client' : 'server',
    data: data.trim(),
    time: 0,
  }));
  const fields: [string, string][] = [
    ['Host', HOST],
    ['Pair', name],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ];
  if (protocol) fields.push(['Sec-WebSocket-Protocol', protocol]);
  const request: RecordedRequest = { method: 'GET', target, fields, body: stored(Buffer.alloc(0)) };
  return { request, conversation: { messages, closeCode: 1000, closeReason: '' } };
}

const FORM = Buffer.from(
  [
    '--XX',
    'Content-Disposition: form-data; name="name"',
    '',
    'Zo\u00eb',
    '--XX',
    'Content-Disposition: form-data; name="file"; filename="a.txt"',
    'Content-Type: text/plain',
    '',
    'some text',
    '--XX--',
    '',
  ].join('\r\n'),
);

function stored(bytes: Buffer): StoredBody {
  return {
    size: bytes.length,
    cut: false,
    async *read() {
      if (bytes.length > 0) yield bytes;
    },
  };
}
