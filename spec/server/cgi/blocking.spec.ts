/** `runCgi(app, { blocking: true })` and `wsgi --cgi --blocking`: the application blocks, as in Python. */
import { once } from 'node:events';
import { expect } from 'chai';
import { killScripts, resultOf, runScript, startScript } from '../../support/cgi-script.js';
import { compile } from '../../support/compiled.js';
import { CLI, NODE_OPTIONS } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const APP = `export const app = (environ, start_response) => {
  const body = environ['wsgi.input'].read();
  start_response('200 OK', []);
  return [body, Buffer.from(String(environ['node.nonblocking']))];
};`;

describe('a CGI script that blocks', function () {
  this.timeout(60_000);
  let command: string[];

  before(() => {
    command = [process.execPath, compile('spec/server/fixtures/blocking-cgi.ts')];
  });
  afterEach(killScripts);
  after(removeTemporaryFolders);

  const post = (path: string, length: number, input?: string, endInput?: boolean, more = {}) =>
    runScript(
      command,
      { PATH_INFO: path, REQUEST_METHOD: 'POST', CONTENT_LENGTH: `${length}`, ...more },
      input,
      endInput,
    );
  const start = (path: string) => startScript(command, { PATH_INFO: path });

  it('reads its body up to CONTENT_LENGTH, and no further, however it comes', async () => {
    const { code, body, headers } = await post('/echo', 5, 'hello and more');
    expect({ code, body: body.toString(), ...headers }).to.deep.equal({
      code: 0,
      body: 'hello',
      'content-length': '5',
      'x-nonblocking': 'false',
    });
    const large = 'x'.repeat(300_000);
    expect((await post('/echo', large.length, large)).body.length).to.equal(300_000);
    expect((await runScript(command, { PATH_INFO: '/echo' })).body.length).to.equal(0);
  });

  it('waits for bytes that come late', async () => {
    const child = startScript(command, { PATH_INFO: '/lines', CONTENT_LENGTH: '6', REQUEST_METHOD: 'POST' });
    // First: a stream that nobody reads is thrown away when its process ends.
    const result = resultOf(child);
    for (const part of ['a', 'b\n', 'c\nd']) {
      child.stdin.write(part);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await result).body.toString()).to.equal('3,2,1');
  });

  it('answers 400 where the body is cut short, 413 over the limit', async () => {
    const cut = await post('/echo', 10, 'short', true);
    expect({ code: cut.code, status: cut.status }).to.deep.equal({ code: 0, status: '400 Bad Request' });
    const options = { OPTIONS: JSON.stringify({ limitRequestBody: 4 }) };
    expect((await post('/echo', 5, 'hello', true, options)).status).to.match(/^413 /);
  });

  it('reads a form, and leaves the rest of a body that it does not want to be drained', async () => {
    const form = 'name=Ada';
    const type = { CONTENT_TYPE: 'application/x-www-form-urlencoded' };
    expect((await post('/form', form.length, form, false, type)).body.toString()).to.equal('Ada');
    const { code, body } = await post('/first', 300_000, 'x'.repeat(300_000));
    expect({ code, body: body.toString() }).to.deep.equal({ code: 0, body: 'x' });
  });

  it('blocks in sleep(), and in write() until the web server has taken it', async () => {
    expect((await runScript(command, { PATH_INFO: '/sleep' })).body.toString()).to.equal('true');
    const child = start('/write');
    // It blocks meanwhile: more than a pipe holds is written.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(child.stderr.read()).to.equal(null);
    const { code, body, stderr } = await resultOf(child);
    expect({ code, length: body.length, stderr }).to.deep.equal({
      code: 0,
      length: 5_000_003,
      stderr: 'true\n',
    });
  });

  for (const [path, said] of [
    ['/endless', 'write threw ClientDisconnected\n'],
    ['/pulled', 'closed\n'],
  ] as const) {
    it(`ends ${path} with 1 when the web server takes no more`, async () => {
      const child = start(path);
      await once(child.stdout, 'data');
      child.stdout.destroy();
      const errors = child.stderr.toArray();
      const [code] = await once(child, 'close');
      expect({ code, stderr: Buffer.concat(await errors).toString() }).to.deep.equal({
        code: 1,
        stderr: said,
      });
    });
  }

  it('is ended at once by a signal', async () => {
    const child = start('/forever');
    await once(child.stderr, 'data');
    child.kill('SIGTERM');
    const [code, signal] = await once(child, 'close');
    expect({ code, signal }).to.deep.equal({ code: null, signal: 'SIGTERM' });
  });

  it('refuses a blocking that is neither true nor false', async () => {
    const { stderr } = await post('/echo', 0, '', true, { OPTIONS: '{"blocking":"yes"}' });
    expect(stderr).to.contain("ConfigError: Option blocking must be true or false, not 'yes'");
  });

  it('is what wsgi --cgi --blocking runs; the command has --blocking for nothing else', async () => {
    const folder = temporaryFolder({ 'app.mjs': APP });
    const wsgi = [process.execPath, ...NODE_OPTIONS, CLI];
    const variables = { REQUEST_METHOD: 'POST', CONTENT_LENGTH: '2' };
    const { code, body, stderr } = await runScript(
      [...wsgi, '--cgi', '--blocking', `${folder}/app.mjs:app`],
      variables,
      'ab',
    );
    expect({ code, body: body.toString(), stderr }).to.deep.equal({ code: 0, body: 'abfalse', stderr: '' });
    const refused = await runScript([...wsgi, '--blocking', `${folder}/app.mjs:app`]);
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.contain('--blocking goes with --cgi');
  });
});
