/** `runCgi` in a process of its own: what it reads, what it writes, how it ends. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { killScripts, resultOf, runScript, startScript } from '../../support/cgi-script.js';
import { compile } from '../../support/compiled.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

describe('runCgi', function () {
  this.timeout(30_000);
  let command: string[];

  before(() => {
    command = [process.execPath, compile('spec/server/fixtures/cgi-script.ts')];
  });
  afterEach(killScripts);
  after(removeTemporaryFolders);

  const run = (path: string, variables = {}, input?: string, endInput?: boolean) =>
    runScript(command, { PATH_INFO: path, ...variables }, input, endInput);

  describe('writes', () => {
    it('Status, headers, an empty line and the body, and nothing that is the web server’s', async () => {
      const { code, stdout, stderr } = await run('/unread');
      expect(stdout.toString()).to.equal('Status: 200 OK\r\nContent-Length: 6\r\n\r\nunread');
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    });

    it('bytes as they are', async () => {
      const { stdout, body } = await run('/bytes');
      expect(stdout.toString('latin1')).to.match(/^Status: 201 D\xe9j\xe0 vu\r\nX-A: \xe9\r\n/);
      expect([...body]).to.deep.equal(Array.from({ length: 256 }, (_, i) => i));
    });

    it('all of a large body before the process ends', async () => {
      const { code, body } = await run('/large');
      expect(code).to.equal(0);
      expect(body.equals(Buffer.alloc(5_000_000, 'x'))).to.equal(true);
    });

    it('no body in answer to HEAD, and its length', async () => {
      const { headers, body } = await run('/unread', { REQUEST_METHOD: 'HEAD' });
      expect(headers).to.deep.equal({ 'content-length': '6' });
      expect(body).to.have.length(0);
    });

    for (const [status, length] of [
      ['204 No Content', undefined],
      ['304 Not Modified', undefined],
    ] as const) {
      it(`no body with ${status}`, async () => {
        const { headers, body, stdout } = await run('/head', { QUERY_STRING: status });
        expect(stdout.toString()).to.match(new RegExp(`^Status: ${status}\r\n`));
        expect(headers['content-length']).to.equal(length);
        expect(body).to.have.length(0);
      });
    }

    it('each block before an application that blocks goes on', async () => {
      const child = startScript(command, { PATH_INFO: '/blocks' });
      let seen = '';
      child.stdout.on('data', (chunk) => {
        seen += chunk;
      });
      await until(() => seen.endsWith('written one'), 'the first two blocks');
      expect(seen).to.equal('Status: 200 OK\r\n\r\nwritten one');
    });

    it('nothing else to standard output: console.log goes to standard error', async () => {
      const { body, stderr } = await run('/prints');
      expect(body.toString()).to.equal('body');
      expect(stderr).to.equal('console.log\nprocess.stdout.write\nwsgi.errors\n');
    });
  });

  describe('reads', () => {
    it('the environment of the process into environ', async () => {
      const { environ, proxy } = JSON.parse(
        (
          await run('/environ', {
            DEPLOYED: 'yes',
            HTTP_PROXY: 'http://evil',
            HTTP_UPGRADE: 'websocket',
            HTTP_CONNECTION: 'Upgrade',
          })
        ).body.toString(),
      );
      expect(environ).to.include({
        REQUEST_METHOD: 'GET',
        SCRIPT_NAME: '',
        PATH_INFO: '/environ',
        QUERY_STRING: '',
        SERVER_NAME: 'h',
        SERVER_PORT: '80',
        DEPLOYED: 'yes',
        HTTP_UPGRADE: 'websocket',
        'wsgi.url_scheme': 'http',
        'wsgi.multithread': false,
        'wsgi.multiprocess': true,
        'wsgi.run_once': true,
        'wsgi.input_terminated': true,
        'node.nonblocking': true,
      });
      expect(environ).not.to.have.any.keys(
        'HTTP_PROXY',
        'wsgi.websocket',
        'wsgi.early_hints',
        'CONTENT_LENGTH',
      );
      expect(proxy, 'HTTP_PROXY of the process').to.equal(null);
    });

    it('bytes of a variable that are no UTF-8', async function () {
      if (process.platform !== 'linux') this.skip();
      // A Node process cannot give such bytes to another.
      const line = 'PATH_INFO=/environ HTTP_X="$(printf "a\\303\\251\\377")" exec "$@"';
      const { stdout } = spawnSync('sh', ['-c', line, 'sh', ...command], {
        env: { PATH: process.env['PATH'], REQUEST_METHOD: 'GET' },
        encoding: 'utf8',
      });
      const { environ } = JSON.parse(stdout.slice(stdout.indexOf('{')));
      expect(environ['HTTP_X']).to.equal('a\xc3\xa9\xff');
    });

    it('as much of standard input as CONTENT_LENGTH says, which need not end there', async () => {
      const { body } = await run('/echo', { CONTENT_LENGTH: '5' }, 'hello and what is not of this request');
      expect(body.toString()).to.equal('hello');
    });

    for (const length of [undefined, '', '0']) {
      it(`nothing where CONTENT_LENGTH is ${length === undefined ? 'missing' : `"${length}"`}`, async () => {
        const { code, body } = await run(
          '/echo',
          length === undefined ? {} : { CONTENT_LENGTH: length },
          'x',
        );
        expect({ code, body: body.toString() }).to.deep.equal({ code: 0, body: '' });
      });
    }

    it('an error where the body is cut short', async () => {
      const { status, body } = await run('/echo', { CONTENT_LENGTH: '9' }, 'hello', true);
      expect(status).to.equal('400 Bad Request');
      expect(body.toString()).to.include('the client left before its body was complete');
    });

    const refused: [string, Record<string, string>, RegExp][] = [
      ['400 Bad Request', { CONTENT_LENGTH: '-1' }, /not a number of bytes/],
      ['400 Bad Request', { CONTENT_LENGTH: '5, 5' }, /not a number of bytes/],
      ['413 Payload Too Large', { CONTENT_LENGTH: '9223372036854775808' }, /larger than any body/],
      ['411 Length Required', { HTTP_TRANSFER_ENCODING: 'chunked' }, /needs a Content-Length/],
      ['413 Payload Too Large', { CONTENT_LENGTH: '5', OPTIONS: '{"limitRequestBody":4}' }, /larger than 4/],
      ['400 Bad Request', { HTTP_HOST: 'a/b' }, /Host/],
    ];
    for (const [expected, variables, message] of refused) {
      const { OPTIONS: _own, ...shown } = variables;
      it(`${JSON.stringify(shown)} as ${expected}`, async () => {
        const { code, status, body, stderr } = await run('/echo', variables, 'hello', true);
        expect(status).to.equal(expected);
        expect(body.toString()).to.match(message);
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      });
    }
  });

  describe('ends', () => {
    it('although the application holds a timer', async () => {
      const { code, body } = await run('/lingers');
      expect({ code, body: body.toString() }).to.deep.equal({ code: 0, body: 'done' });
    });

    for (const path of ['/unread', '/first']) {
      it(`after a body that was not read to its end (${path}), once that has come`, async () => {
        const child = startScript(command, { PATH_INFO: path, CONTENT_LENGTH: '1000000' });
        // As Apache's mod_cgid and fcgiwrap, which write all of it before they read.
        const written = new Promise<unknown>((resolve) => {
          child.stdin.end('h'.repeat(1_000_000), resolve as () => void);
        });
        const error = await written;
        const { code, body } = await resultOf(child);
        expect(error ?? undefined).to.equal(undefined);
        expect({ code, body: body.toString() }).to.deep.equal({
          code: 0,
          body: path === '/unread' ? 'unread' : 'h',
        });
      });
    }

    it('after a body that never comes', async () => {
      const { code, body } = await run('/unread', { CONTENT_LENGTH: '1000000' }, 'some');
      expect({ code, body: body.toString() }).to.deep.equal({ code: 0, body: 'unread' });
    });

    it('when the web server takes no more: the iterable is closed, once', async () => {
      const child = startScript(command, { PATH_INFO: '/endless' });
      await once(child.stdout, 'data');
      child.stdout.destroy();
      const [err, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'close')]);
      const said = Buffer.concat(err).toString();
      expect(said.match(/closed|aborted/g)).to.deep.equal(['aborted', 'closed']);
      expect(said).not.to.include('ERROR');
      expect(code).to.equal(1);
    });

    it('asks for no more blocks than a web server takes that does not read', async () => {
      const child = startScript(command, { PATH_INFO: '/endless' });
      let said = '';
      child.stderr.on('data', (chunk) => {
        said += chunk;
      });
      child.stdout.pause();
      // Many more than this would come in the time.
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(said).not.to.include('pulled 64');
      child.stdout.resume();
      await until(() => said.includes('pulled 64'), 'the next blocks');
    });

    for (const [signal, expected] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
      ['SIGHUP', 129],
    ] as const) {
      it(`at ${signal}: the iterable is closed`, async () => {
        const child = startScript(command, { PATH_INFO: '/waits' });
        await once(child.stdout, 'data');
        child.kill(signal);
        const { code, stderr } = await resultOf(child);
        expect({ code, stderr }).to.deep.equal({ code: expected, stderr: 'aborted\nclosed\n' });
      });
    }

    it('after the application, which goes on for a while after its client left', async () => {
      const child = startScript(command, { PATH_INFO: '/saves' });
      await once(child.stderr, 'data');
      child.kill('SIGTERM');
      const { code, stderr } = await resultOf(child);
      expect({ code, stderr }).to.deep.equal({ code: 143, stderr: 'saved\n' });
    });

    it('although the application does not notice, after the graceful timeout', async () => {
      const child = startScript(command, { PATH_INFO: '/deaf', OPTIONS: '{"gracefulTimeout":0.1}' });
      await once(child.stdout, 'data');
      child.kill('SIGTERM');
      expect((await resultOf(child)).code).to.equal(143);
    });

    it('with 2 where no web server started it, and says so', () => {
      const [node = '', script = ''] = command;
      const { REQUEST_METHOD: _unset, ...env } = process.env;
      const { status, stdout, stderr } = spawnSync(node, [script], { env, encoding: 'utf8' });
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
      expect(stderr).to.match(
        /^wsgi: This is a CGI script: a web server starts it .*REQUEST_METHOD=GET.*\n$/,
      );
    });
  });

  describe('where the application fails', () => {
    it('answers 500, and logs the traceback', async () => {
      const { code, status, body, stderr } = await run('/throws');
      expect(status).to.equal('500 Internal Server Error');
      expect(body.toString()).not.to.include('boom');
      expect(stderr).to.match(
        /^ERROR:wsgi:GET \S+: Error in the application \(received \S+Z\)\nError: boom\n {4}at /,
      );
      expect(code).to.equal(0);
    });

    it('leaves a response cut short, and exits with 1', async () => {
      const { code, status, headers, body, stderr } = await run('/throws-late');
      expect({ code, status, body: body.toString() }).to.deep.equal({
        code: 1,
        status: '200 OK',
        body: 'half',
      });
      expect(headers['content-length']).to.equal('10');
      expect(stderr).to.match(/Error: boom/);
    });

    it('answers 500 for what a callback throws', async () => {
      const { status, stderr } = await run('/callback');
      expect(status).to.equal('500 Internal Server Error');
      expect(stderr).to.match(/Error: boom/);
    });

    it('answers 500 where it waits for what cannot happen', async () => {
      const { status, stderr } = await run('/stuck');
      expect(status).to.equal('500 Internal Server Error');
      expect(stderr).to.match(/nothing is left in this process that could happen/);
    });

    it('logs a rejected promise that nobody waits for, and goes on', async () => {
      const { code, body, stderr } = await run('/rejects');
      expect({ code, body: body.toString() }).to.deep.equal({ code: 0, body: 'fine' });
      expect(stderr).to.match(/Unhandled promise rejection\nError: nobody waits/);
    });
  });

  it('refuses the options of a server', async () => {
    const { code, stdout, stderr } = await run('/unread', { OPTIONS: '{"port":80}' });
    expect({ code, stdout: stdout.toString() }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.include("CGI has no use for the option port: that is the web server's");
  });
});
