/** Reads the exchanges of a file, one after the other: an HTTP Archive of any size, or a list of requests. */
import { createReadStream } from 'node:fs';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { ConfigError } from '../../errors.js';
import { logger } from '../../logger.js';
import type { Exchange } from '../exchange.js';
import { NO_BODY } from './bodies.js';
import { EntryStream } from './entry-stream.js';
import { type Json, objectOf } from './json-value.js';
import { exchangeOf, isBrowsers, NoExchange, originOf } from './read-entry.js';

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** Enough to tell an archive from a list. */
const START_BYTES = 1024;
const MAX_LINE = 1024 * 1024;

/** What `onskip` gets: `entry 7 is left out: …`. */
export interface ReadOptions {
  /** Told of each entry that is left out, and of an end that is missing. Default: a warning in the log. */
  readonly onskip?: (sentence: string) => void;
}

/**
 * The exchanges of an HTTP Archive, or of a text file with one request a line (`GET /path`).
 *
 * Of a browser's archive it leaves out what went to another origin than the first request did: fonts, analytics. An archive
 * that ends in the middle, as a disk that was full leaves it, gives the entries that are complete.
 * @throws ConfigError if the file cannot be read, or is neither.
 */
export async function* readExchanges(path: string, options: ReadOptions = {}): AsyncGenerator<Exchange> {
  const { onskip = (sentence) => logger.warning(`${path}: ${sentence}`) } = options;
  const blocks = blocksOf(path);
  const start = await startOf(blocks);
  if (start.length === 0) throw new ConfigError(`${path} is empty: it has no request`);
  const first = /\S/.exec(start.toString('latin1'))?.[0];
  async function* all() {
    yield start;
    yield* blocks;
  }
  if (first === '{') yield* readArchive(path, all(), onskip);
  else yield* readList(path, all());
}

async function* readArchive(
  path: string,
  blocks: AsyncIterable<Buffer>,
  onskip: (sentence: string) => void,
): AsyncGenerator<Exchange> {
  const stream = new EntryStream();
  const folder = dirname(path);
  let number = 0;
  let site: string | undefined;
  for await (const block of blocks) {
    for (const text of entriesIn(stream, block, path)) {
      number += 1;
      const entry = parseEntry(text, `${path}: entry ${number}`);
      const origin = originOf(entry);
      // One site is compared. What `record` wrote is of one by nature, whatever Host its clients have sent.
      if (isBrowsers(entry) && origin !== undefined) {
        site ??= origin;
        if (origin !== site) {
          onskip(`entry ${number} is left out: it went to ${origin}, not to ${site}`);
          continue;
        }
      }
      try {
        yield exchangeOf(entry, folder);
      } catch (error) {
        if (!(error instanceof NoExchange)) throw error;
        onskip(`entry ${number} is left out: ${error.message}`);
      }
    }
  }
  if (!stream.found) {
    throw new ConfigError(`${path} is JSON, but not an HTTP Archive: it has no log.entries`);
  }
  if (!stream.complete) onskip(`it ends in the middle: the ${number} entries before that are complete`);
}

function* entriesIn(stream: EntryStream, block: Buffer, path: string): Generator<string> {
  try {
    yield* stream.push(block);
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

function parseEntry(text: string, place: string): Json {
  try {
    return objectOf(JSON.parse(text));
  } catch (error) {
    throw new ConfigError(`${place} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

async function* readList(path: string, blocks: AsyncIterable<Buffer>): AsyncGenerator<Exchange> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let number = 0;
  for await (const block of blocks) {
    const lines = (rest + decoder.write(block)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE)
      throw new ConfigError(`${path} is neither an HTTP Archive nor a list of requests`);
    for (const line of lines) {
      number += 1;
      const exchange = requestOfLine(line, `${path}:${number}`);
      if (exchange !== undefined) yield exchange;
    }
  }
  const last = requestOfLine(rest + decoder.end(), `${path}:${number + 1}`);
  if (last !== undefined) yield last;
}

async function* blocksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const block of createReadStream(path, { highWaterMark: 256 * 1024 })) yield block as Buffer;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigError(`Cannot read ${path}: ${code === 'ENOENT' ? 'there is no such file' : message}`, {
      cause: error,
    });
  }
}

/** The first bytes, without the mark that some editors put before UTF-8. */
async function startOf(blocks: AsyncGenerator<Buffer>): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < START_BYTES && !/\S/.test(start.subarray(3).toString('latin1'))) {
    const { value, done } = await blocks.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  return start.subarray(0, 3).equals(MARK) ? start.subarray(3) : start;
}

// A list of requests that nobody recorded: a text file with one a line

/** Method and target, `HTTP/1.1` perhaps after them, as an access log has them. */
const LINE = /^(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]+)?(\S+)(?:[ \t]+HTTP\/\d(?:\.\d)?)?$/;

/**
 * The request of a line; undefined for an empty one and for a comment, which begins with `#`. A path alone is a GET.
 * @param place for the message: `requests.txt:3`.
 * @throws ConfigError if it is not a request.
 */
function requestOfLine(line: string, place: string): Exchange | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const match = LINE.exec(text);
  const method = match?.[1] ?? 'GET';
  const target = (match?.[2] ?? '').replace(/^https?:\/\/[^/?#]+(?=[/?#]|$)/i, '').replace(/#.*$/, '') || '/';
  const path = target.startsWith('?') ? `/${target}` : target;
  const isTarget = path.startsWith('/') || (path === '*' && method === 'OPTIONS');
  // The case of a method matters, but one in lower case is a slip.
  if (match === null || !isTarget || method !== method.toUpperCase()) {
    throw new ConfigError(
      `${place}: ${JSON.stringify(text.slice(0, 80))} is not a request. Write one on each line, GET /path?query for example`,
    );
  }
  if (!/^[\x21-\x7e]*$/.test(path)) {
    throw new ConfigError(
      `${place}: ${JSON.stringify(path.slice(0, 80))} has characters that a request line cannot have: percent-encode them`,
    );
  }
  return { request: { method, target: path, fields: [], body: NO_BODY } };
}
