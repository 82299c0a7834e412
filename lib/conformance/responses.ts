/** What a gateway sent, byte by byte, taken apart into responses. */

export interface RawResponse {
  status: number;
  reason: string;
  /** Names in lower case; values of a repeated one joined with ", ". */
  headers: Record<string, string>;
  /** Name, value pairs as sent. */
  rawHeaders: [string, string][];
  body: Buffer;
  /** False when the connection closed before the body was complete. */
  complete: boolean;
}

export interface Reply {
  /** Interim responses (1xx), in order of arrival. */
  interim: RawResponse[];
  responses: RawResponse[];
  /** The server closed the connection. */
  closed: boolean;
  raw: Buffer;
}

export function bytes(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
}

/** Takes a byte stream apart into responses; `closed` says that no more will come. */
export function parseResponses(
  raw: Buffer,
  methods: string[],
  closed: boolean,
): { interim: RawResponse[]; responses: RawResponse[] } {
  const interim: RawResponse[] = [];
  const responses: RawResponse[] = [];
  let at = 0;
  for (;;) {
    const end = raw.indexOf('\r\n\r\n', at);
    if (end === -1) break;
    const [line = '', ...fields] = raw.toString('latin1', at, end).split('\r\n');
    const match = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(line);
    if (match === null) break;
    const rawHeaders = fields.map((field): [string, string] => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    });
    const headers: Record<string, string> = {};
    for (const [name, value] of rawHeaders) {
      const key = name.toLowerCase();
      headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
    }
    const response: RawResponse = {
      status: Number(match[1]),
      reason: match[2] as string,
      headers,
      rawHeaders,
      body: Buffer.alloc(0),
      complete: true,
    };
    at = end + 4;
    if (response.status < 200 && response.status !== 101) {
      interim.push(response);
      continue;
    }
    at = readBody(raw, at, response, methods[responses.length] ?? 'GET', closed);
    responses.push(response);
    if (!response.complete || response.status === 101) break;
  }
  return { interim, responses };
}

function readBody(raw: Buffer, at: number, response: RawResponse, method: string, closed: boolean): number {
  const { headers, status } = response;
  if (method === 'HEAD' || status === 204 || status === 304 || status === 101) return at;
  if (headers['transfer-encoding'] === 'chunked') return readChunks(raw, at, response);
  if (headers['content-length'] !== undefined) {
    const end = at + Number(headers['content-length']);
    response.complete = raw.length >= end;
    response.body = raw.subarray(at, end);
    return end;
  }
  response.body = raw.subarray(at);
  response.complete = closed;
  return raw.length;
}

function readChunks(raw: Buffer, start: number, response: RawResponse): number {
  const parts: Buffer[] = [];
  let at = start;
  response.complete = false;
  for (;;) {
    const line = raw.indexOf('\r\n', at);
    if (line === -1) break;
    const size = Number.parseInt(raw.toString('latin1', at, line), 16);
    const data = line + 2;
    if (size === 0) {
      const end = raw.indexOf('\r\n', data);
      response.complete = end !== -1;
      at = end === -1 ? raw.length : end + 2;
      break;
    }
    parts.push(raw.subarray(data, data + size));
    at = data + size + 2;
    if (at > raw.length) break;
  }
  response.body = Buffer.concat(parts);
  return at;
}
