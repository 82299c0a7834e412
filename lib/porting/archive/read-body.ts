/** Bodies of an entry: text, base64, a file, or the parameters of a form. */
import { statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { ConfigError } from '../../errors.js';
import type { StoredBody } from '../exchange.js';
import { parseMediaType } from '../media-type.js';
import { type BodyEnd, FileBody, MemoryBody, NO_BODY } from './bodies.js';
import { encodeText } from './charset.js';
import { type Json, listOf, numberOf, objectOf, textOf } from './json-value.js';

export interface AnswerOf {
  readonly method: string;
  readonly status: number;
  /** HAR's: bytes that were received; -1 is: not known. */
  readonly bodySize: number;
  readonly folder: string;
  /** As Content-Type says it: that of a browser's `content` has no charset. */
  readonly mimeType: string | undefined;
}

export interface RequestOf {
  readonly folder: string;
  /** What a browser has exported: its text is what it could decode of the bytes. */
  readonly isBrowsers: boolean;
  /** As Content-Length says it. */
  readonly length: number | undefined;
}

/** Of the request. */
export function readPostData(postData: Json, { folder, isBrowsers, length }: RequestOf): StoredBody {
  const end: BodyEnd = { cut: postData['_cut'] === true };
  const mimeType = textOf(postData['mimeType']) ?? '';
  const stored = storedBytes(postData, folder, end);
  if (stored !== undefined) return stored;
  const base64 = textOf(postData['_base64']);
  if (base64 !== undefined) return new MemoryBody(Buffer.from(base64, 'base64'), end);
  const text = textOf(postData['text']) ?? '';
  const params = listOf(postData['params']);
  if (text === '' && params.length > 0) return new MemoryBody(formOf(params, mimeType), end);
  if (text !== '') return isBrowsers ? bytesOf(text, length) : new MemoryBody(Buffer.from(text, 'utf8'), end);
  return end.cut ? new MemoryBody(Buffer.alloc(0), end) : NO_BODY;
}

/** Chromium shows bytes that are not UTF-8 as Latin-1, or as U+FFFD, where they are lost. */
function bytesOf(text: string, length: number | undefined): StoredBody {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length === length || length === undefined) return new MemoryBody(bytes);
  if (text.length === length && !/[^\0-\xff]/.test(text)) return new MemoryBody(Buffer.from(text, 'latin1'));
  return new MemoryBody(bytes, { missing: true });
}

/** Of the answer. */
export function readContent(content: Json, of: AnswerOf): StoredBody {
  const { method, status, bodySize, folder, mimeType = textOf(content['mimeType']) ?? '' } = of;
  const end: BodyEnd = { cut: content['_cut'] === true, missing: content['_missing'] === true };
  const stored = storedBytes(content, folder, end);
  if (stored !== undefined) return stored;
  const text = textOf(content['text']);
  if (text !== undefined) {
    const isBase64 = textOf(content['encoding']) === 'base64';
    return new MemoryBody(isBase64 ? Buffer.from(text, 'base64') : encodeText(text, mimeType), end);
  }
  // Exported without the content, or no longer in the browser's memory; not where there can be none (RFC 9112, section 6.3).
  const mayHaveBody = method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304;
  const isKnownEmpty = (numberOf(content['size']) ?? -1) === 0 && bodySize <= 0;
  const missing = end.missing || (mayHaveBody && !isKnownEmpty);
  return new MemoryBody(Buffer.alloc(0), { ...end, missing });
}

/**
 * What lies in a file beside the archive.
 * @throws ConfigError if the archive came without its folder, or names a file that is not below it.
 */
function storedBytes(json: Json, folder: string, end: BodyEnd): StoredBody | undefined {
  const file = textOf(json['_file']);
  if (file === undefined) return undefined;
  // An archive of somebody else must not read what it likes.
  if (isAbsolute(file) || file.split(/[/\\]/).includes('..')) {
    throw new ConfigError(`The archive names the file ${JSON.stringify(file)}, which is not beside it`);
  }
  const path = join(folder, file);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new ConfigError(
      `${path} is missing: the archive keeps large bodies there, move the folder together with it`,
    );
  }
  return new FileBody(path, found.size, end);
}

/** A form of which the archive has the fields alone. */
function formOf(params: readonly unknown[], mimeType: string): Buffer {
  const fields = params.map(objectOf);
  if (parseMediaType(mimeType).type !== 'multipart/form-data') {
    return Buffer.from(
      fields.map((field) => `${encoded(field['name'])}=${encoded(field['value'])}`).join('&'),
    );
  }
  const boundary = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(mimeType);
  const delimiter = boundary?.[1] ?? boundary?.[2] ?? '';
  const parts = fields.map((field) => {
    const file = textOf(field['fileName']);
    const filename = file === undefined ? '' : `; filename="${file}"`;
    const type = textOf(field['contentType']);
    const head = `Content-Disposition: form-data; name="${textOf(field['name']) ?? ''}"${filename}\r\n`;
    return `--${delimiter}\r\n${head}${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n${textOf(field['value']) ?? ''}\r\n`;
  });
  return Buffer.from(`${parts.join('')}--${delimiter}--\r\n`);
}

/** Archives have the values decoded, except some that do not: what is encoded stays as it is. */
function encoded(value: unknown): string {
  const text = textOf(value) ?? '';
  return /^(?:[\w.*+-]|%[0-9a-f]{2})*$/i.test(text) ? text : encodeURIComponent(text).replaceAll('%20', '+');
}
