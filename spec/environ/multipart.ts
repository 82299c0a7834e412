/** multipart/form-data bodies for the specs, and a folder for their files that must be empty after each. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Form, type FormOptions, parseForm } from '../../lib/environ/form.js';
import type { BodyInput } from '../../lib/environ/input.js';
import { input, openDescriptors } from './bodies.js';

export const TYPE = 'multipart/form-data; boundary=XX';
export const END = '--XX--\r\n';

export function field(name: string, value: string, ...headers: string[]): string {
  return part(`form-data; name="${name}"`, value, ...headers);
}

export function file(
  name: string,
  filename: string,
  content: string,
  type = 'application/octet-stream',
): string {
  return part(`form-data; name="${name}"; filename="${filename}"`, content, `Content-Type: ${type}`);
}

export function part(disposition: string, content: string, ...headers: string[]): string {
  return [`--XX`, `Content-Disposition: ${disposition}`, ...headers, '', content, ''].join('\r\n');
}

export const pause = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** For the `describe` in which it is made. */
export class UploadFolderFixture {
  path = '';

  constructor() {
    beforeEach(() => {
      this.path = mkdtempSync(join(tmpdir(), 'form-spec-'));
    });
    afterEach(async () => {
      // Whatever a spec did: no file and no descriptor stays.
      await pause();
      expect(readdirSync(this.path)).to.deep.equal([]);
      expect(openDescriptors(this.path)).to.equal(0);
      rmSync(this.path, { recursive: true });
    });
  }

  /** @param body latin-1 text, or where to read from. */
  parse(body: string | BodyInput, options: FormOptions = {}, type = TYPE): Promise<Form> {
    const stream = typeof body === 'string' ? input(Buffer.from(body, 'latin1')) : body;
    const where = options.onFile === undefined ? { uploadDir: this.path } : {};
    return parseForm({ CONTENT_TYPE: type, 'wsgi.input': stream }, { ...where, ...options });
  }
}
