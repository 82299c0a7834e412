/** `cgi.FieldStorage` in a server: with `await` on the event loop, without it in threads, and no file that stays. */
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { FieldStorage } from '../../lib/stdlib/cgi.js';
import { Threads } from '../server/threads/support.js';
import { killScripts, runScript } from '../support/cgi-script.js';
import { closeServers, serveApp } from '../support/serve.js';
import { NODE_OPTIONS, scriptOf } from '../support/source.js';
import { until } from '../support/until.js';
import { type Described, describeForm } from './described-form.js';

const onEventLoop: Application = async (environ, start_response) => {
  const form = await FieldStorage.read({ fp: environ['wsgi.input'], environ, keep_blank_values: true });
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(describeForm(form))];
};

function multipart(): FormData {
  const body = new FormData();
  body.append('a', '1');
  body.append('a', 'é');
  body.append('f', new Blob(['x'.repeat(300_000)]), 'f.txt');
  return body;
}

for (const mode of ['on the event loop', 'in threads'])
  describe(`FieldStorage ${mode}`, () => {
    let url = '';
    let stop = closeServers;
    before(async function () {
      this.timeout(30_000);
      if (mode === 'on the event loop') {
        url = (await serveApp(onEventLoop)).address;
        return;
      }
      const threads = await Threads.start({}, undefined, scriptOf('cgi-app.ts', import.meta.url));
      url = `http://127.0.0.1:${threads.port}/`;
      stop = () => threads.stop();
    });
    after(() => stop());

    const ask = async (query: string, init?: RequestInit): Promise<Described> => {
      const response = await fetch(new URL(query, url), init);
      return (await response.json()) as Described;
    };

    it('reads a query', async () => {
      expect(await ask('?a=1&b=')).to.deep.include({ keys: ['a', 'b'], a: ['1'] });
    });

    it('reads a form, and the query after it', async () => {
      const body = new URLSearchParams({ a: 'é ', b: '' });
      expect(await ask('?a=2', { method: 'POST', body })).to.deep.include({
        keys: ['a', 'b'],
        a: ['é ', '2'],
      });
    });

    it('reads an upload, whose file is gone after the request', async () => {
      const { path = '', ...rest } = await ask('?q=1', { method: 'POST', body: multipart() });
      expect(rest).to.deep.equal({ keys: ['q', 'a', 'f'], a: ['1', 'é'], size: 300_000 });
      expect(path).to.not.equal('');
      await until(() => !existsSync(path));
    });
  });

describe('FieldStorage in a CGI script', () => {
  const SCRIPT = [process.execPath, ...NODE_OPTIONS, scriptOf('cgi-script.ts', import.meta.url)];
  const MULTIPART = '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--XX--\r\n';
  afterEach(killScripts);

  for (const [type, body] of [
    ['application/x-www-form-urlencoded', 'a=1'],
    ['multipart/form-data; boundary=XX', MULTIPART],
  ] as const) {
    it(`reads ${type} of standard input, and not past its length`, async () => {
      const variables = { REQUEST_METHOD: 'POST', CONTENT_TYPE: type, CONTENT_LENGTH: `${body.length}` };
      // Standard input stays open.
      const { stdout, stderr } = await runScript(SCRIPT, variables, body);
      expect([stdout.toString().split('\r\n').at(-1), stderr]).to.deep.equal(['["1"]\n', '']);
    }).timeout(30_000);
  }
});
