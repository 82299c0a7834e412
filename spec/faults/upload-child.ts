/** Run by full-disk.spec.ts: serves one upload of 4 MiB, then an ordinary request, and tells how both went, as JSON. */
import { readdirSync } from 'node:fs';
import { parseForm } from '../../lib/environ/form/form.js';
import type { Application } from '../../lib/environ/types.js';
import { makeServer } from '../../lib/server/server.js';

const uploadDir = process.argv[2] as string;
let error: unknown;

const app: Application = async (environ, start_response) => {
  if (environ.REQUEST_METHOD === 'POST') {
    try {
      await (await parseForm(environ, { uploadDir })).close();
    } catch (thrown) {
      const { code, message } = thrown as NodeJS.ErrnoException;
      error = { code, message, left: readdirSync(uploadDir) };
      throw thrown;
    }
  }
  start_response('200 OK', []);
  return [Buffer.from('ok')];
};

const server = await makeServer('127.0.0.1', 0, app);
const form = new FormData();
form.set('small', new Blob(['x']), 'small');
form.set('large', new Blob([Buffer.alloc(4 << 20)]), 'large');
const upload = await fetch(server.address, { method: 'POST', body: form });
const text = await upload.text();
const after = await fetch(server.address);
process.stdout.write(JSON.stringify({ status: upload.status, text, after: after.status, error }));
await server.close();
