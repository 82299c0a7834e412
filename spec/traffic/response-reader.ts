/** Takes responses apart as their bytes come, and forgives nothing. */

export interface Response {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  body: Buffer;
  /** False while more has to come. */
  complete: boolean;
  /** Only the end of the connection ends it, so that a cut cannot be told from the end. */
  readonly untilClose: boolean;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [ -~]*$/;
const FIELD = /^([!#-'*+\-.^-z|~\w]+): ?([\t -~\x80-\xff]*)$/;
const CHUNK_LINE = /^([0-9a-fA-F]+)$/;
const LONGEST_HEAD = 64 * 1024;

export class ResponseReader {
  /** In order; the last one may be incomplete. */
  readonly responses: Response[] = [];
  /** How many interim responses came. */
  interim = 0;
  readonly #isHead: (index: number) => boolean;
  #pending: Buffer[] = [];
  #pendingLength = 0;
  /** Of the body that comes. */
  #parts: Buffer[] = [];
  /** Bytes that are left of the body or chunk; undefined: a line has to come. */
  #left: number | undefined;
  #state: 'head' | 'body' | 'size' | 'chunk' | 'chunkEnd' | 'trailer' = 'head';

  /** @param isHead whether the request of that number was one. */
  constructor(isHead: (index: number) => boolean) {
    this.#isHead = isHead;
  }

  /** How many are complete. */
  get count(): number {
    return this.responses.length - (this.#current === undefined ? 0 : 1);
  }

  /** Bytes that came of the body that is incomplete. */
  get bodyLength(): number {
    return this.#parts.reduce((sum, { length }) => sum + length, 0);
  }

  get #current(): Response | undefined {
    const last = this.responses.at(-1);
    return last === undefined || last.complete ? undefined : last;
  }

  /** @throws Error if that is not a response. */
  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#state === 'body' || this.#state === 'chunk') rest = this.#takeBody(rest);
      else rest = this.#takeLines(rest);
    }
  }

  /** The connection has ended. @param orderly false: it was reset. */
  end(orderly: boolean): void {
    const current = this.#current;
    if (current === undefined) return;
    if (current.untilClose && orderly) this.#complete();
    else current.body = Buffer.concat(this.#parts);
  }

  /** There are bytes that belong to no response yet. */
  get inHead(): boolean {
    return this.#state === 'head' && this.#pendingLength > 0;
  }

  #takeBody(bytes: Buffer): Buffer {
    const left = this.#left ?? Number.POSITIVE_INFINITY;
    const taken = bytes.subarray(0, left);
    this.#parts.push(taken);
    this.#left = left - taken.length;
    if (this.#left === 0) {
      if (this.#state === 'body') this.#complete();
      else this.#state = 'chunkEnd';
    }
    return bytes.subarray(taken.length);
  }

  /** Up to the end of a head, or of a line. */
  #takeLines(bytes: Buffer): Buffer {
    const all = this.#pendingLength === 0 ? bytes : Buffer.concat([...this.#pending, bytes]);
    const mark = this.#state === 'head' ? '\r\n\r\n' : '\r\n';
    const end = all.indexOf(mark);
    if (end === -1) {
      if (all.length > LONGEST_HEAD) throw new Error(`No end of the ${this.#state} comes`);
      this.#pending = [all];
      this.#pendingLength = all.length;
      return bytes.subarray(bytes.length);
    }
    this.#pending = [];
    this.#pendingLength = 0;
    this.#takeText(all.toString('latin1', 0, end));
    return all.subarray(end + mark.length);
  }

  #takeText(text: string): void {
    switch (this.#state) {
      case 'head':
        this.#begin(text);
        break;
      case 'size': {
        const size = CHUNK_LINE.exec(text);
        if (size === null) throw new Error(`This is not a chunk: ${JSON.stringify(text.slice(0, 100))}`);
        this.#left = Number.parseInt(text, 16);
        this.#state = this.#left === 0 ? 'trailer' : 'chunk';
        break;
      }
      case 'chunkEnd':
        if (text !== '')
          throw new Error(`A chunk is longer than it says: ${JSON.stringify(text.slice(0, 100))}`);
        this.#state = 'size';
        break;
      default:
        if (text !== '') throw new Error(`An unexpected trailer: ${JSON.stringify(text.slice(0, 100))}`);
        this.#complete();
    }
  }

  #begin(text: string): void {
    const [line = '', ...fields] = text.split('\r\n');
    const status = Number(STATUS_LINE.exec(line)?.[1]);
    if (Number.isNaN(status))
      throw new Error(`This is not a response: ${JSON.stringify(text.slice(0, 200))}`);
    const headers = new Map<string, string>();
    for (const field of fields) {
      const [, name = '', value = ''] = FIELD.exec(field) ?? [];
      if (name === '') throw new Error(`This is not a header: ${JSON.stringify(field)}`);
      if (headers.has(name.toLowerCase())) throw new Error(`The header ${name} came twice`);
      headers.set(name.toLowerCase(), value);
    }
    if (status < 200) {
      this.interim++;
      return;
    }
    const length = headers.get('content-length');
    const chunked = headers.get('transfer-encoding') === 'chunked';
    if (length !== undefined && chunked) throw new Error('A response has two lengths');
    const bodiless = this.#isHead(this.responses.length) || status === 204 || status === 304;
    const untilClose = length === undefined && !chunked && !bodiless;
    this.responses.push({ status, headers, body: Buffer.alloc(0), complete: false, untilClose });
    this.#left = length === undefined ? undefined : Number(length);
    if (bodiless || (!chunked && this.#left === 0)) this.#complete();
    else this.#state = chunked ? 'size' : 'body';
  }

  #complete(): void {
    const current = this.responses.at(-1) as Response;
    current.body = Buffer.concat(this.#parts);
    current.complete = true;
    this.#parts = [];
    this.#left = undefined;
    this.#state = 'head';
  }
}
