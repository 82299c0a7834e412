/** `multipart/form-data` (RFC 7578), as browsers write it (the HTML standard, "multipart form data"). */
import { randomBytes } from 'node:crypto';
import type { Bytes } from '../environ/types.js';
import type { Content } from './content.js';
import { fieldPairs } from './fields.js';
import type { Fields, Files, FileToSend } from './request-options.js';

interface Part {
  readonly head: Buffer;
  readonly content: Bytes | Blob;
}

const END = Buffer.from('\r\n');

export function multipart(form: Fields | FormData | undefined, files: Files = {}): Content {
  const boundary = `----wsgi-testing-${randomBytes(12).toString('hex')}`;
  const parts = form instanceof FormData ? formDataParts(form, boundary) : fieldParts(form ?? [], boundary);
  for (const [name, given] of Object.entries(files)) {
    for (const file of Array.isArray(given) ? given : [given]) parts.push(filePart(name, file, boundary));
  }
  const last = Buffer.from(`--${boundary}--\r\n`);
  const lengths = parts.map(({ head, content }) => head.length + sizeOf(content) + END.length);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    length: lengths.reduce((sum, length) => sum + length, last.length),
    blocks: () => blocksOf(parts, last),
    replayable: true,
  };
}

async function* blocksOf(parts: readonly Part[], last: Bytes): AsyncGenerator<Bytes, void, undefined> {
  for (const { head, content } of parts) {
    yield head;
    yield content instanceof Blob ? Buffer.from(await content.arrayBuffer()) : content;
    yield END;
  }
  yield last;
}

function fieldParts(form: Fields, boundary: string): Part[] {
  return fieldPairs(form, 'form').map(([name, value]) => fieldPart(name, value, boundary));
}

function formDataParts(form: FormData, boundary: string): Part[] {
  return [...form].map(([name, value]) =>
    typeof value === 'string' ? fieldPart(name, value, boundary) : filePart(name, value, boundary),
  );
}

function fieldPart(name: string, value: string, boundary: string): Part {
  return { head: partHead(boundary, `name="${escapeName(name)}"`), content: Buffer.from(value) };
}

function filePart(name: string, file: FileToSend, boundary: string): Part {
  const known = file instanceof Uint8Array || file instanceof Blob ? { content: file } : file;
  const { content } = known;
  if (typeof content !== 'string' && !(content instanceof Uint8Array) && !(content instanceof Blob)) {
    throw new TypeError(`files: ${name} is neither bytes, nor a Blob, nor an object with content`);
  }
  const blob = content instanceof Blob ? content : undefined;
  const filename = known.filename ?? (blob as Partial<File> | undefined)?.name ?? name;
  const type = known.contentType ?? (blob?.type || 'application/octet-stream');
  const disposition = `name="${escapeName(name)}"; filename="${escapeName(filename)}"`;
  return {
    head: partHead(boundary, disposition, type),
    content: blob ?? Buffer.from(content as string | Bytes),
  };
}

function partHead(boundary: string, disposition: string, type?: string): Buffer {
  const fields = [`--${boundary}`, `Content-Disposition: form-data; ${disposition}`];
  if (type !== undefined) {
    if (/[\r\n]/.test(type)) throw new TypeError('files: a content type has no line end');
    fields.push(`Content-Type: ${type}`);
  }
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\n`);
}

/** The HTML standard: these three, and nothing else, are percent-encoded in a name. */
function escapeName(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}

function sizeOf(content: Bytes | Blob): number {
  return content instanceof Blob ? content.size : content.length;
}
