/** Run by full-disk.spec.ts: reads a form of 4 MiB as a worker thread does, and tells how that went, as JSON. */
import { readdirSync } from 'node:fs';
import { parseForm } from '../../lib/environ/form/form.js';
import { BlockingBodyInput } from '../../lib/environ/input/input.js';

const uploadDir = process.argv[2] as string;
const form = new FormData();
form.set('small', new Blob(['x']), 'small');
form.set('large', new Blob([Buffer.alloc(4 << 20)]), 'large');
const request = new Response(form);
const pieces = [Buffer.from(await request.arrayBuffer())];
const environ = {
  CONTENT_TYPE: request.headers.get('content-type') ?? '',
  'wsgi.input': new BlockingBodyInput({ pull: () => pieces.shift() ?? null }),
  'node.nonblocking': false as const,
};
try {
  parseForm(environ, { uploadDir }).close();
  process.stdout.write('{}');
} catch (thrown) {
  const { code, message } = thrown as NodeJS.ErrnoException;
  process.stdout.write(JSON.stringify({ code, message, left: readdirSync(uploadDir) }));
}
