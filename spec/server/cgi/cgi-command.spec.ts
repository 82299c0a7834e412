/** `wsgi --cgi`. */
import { expect } from 'chai';
import { runScript } from '../../support/cgi-script.js';
import { CLI, NODE_OPTIONS } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const COMMAND = [process.execPath, ...NODE_OPTIONS, CLI, '--cgi'];

const APP = `
console.log('loading');
export const app = (environ, start_response) => {
  start_response('200 OK', []);
  return [Buffer.from([environ.PATH_INFO, environ.GREETING, environ['my.key']].join(' '))];
};
`;

describe('wsgi --cgi', function () {
  this.timeout(60_000);

  afterEach(removeTemporaryFolders);

  const folder = (files = {}) => temporaryFolder({ 'app.mjs': APP, ...files });
  const run = (args: string[], variables = {}) => runScript([...COMMAND, ...args], variables);

  it('answers with the application, of which nothing but the response goes to standard output', async () => {
    const { code, stdout, stderr } = await run([`${folder()}/app.mjs:app`], { PATH_INFO: '/x' });
    expect(stdout.toString()).to.equal('Status: 200 OK\r\nContent-Length: 4\r\n\r\n/x  ');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: 'loading\n' });
  });

  it('takes from a config file what is not for a server of ours', async () => {
    const config = `export default {
      bind: ':1', reload: true, pid: '/none/pid', workers: undefined,
      wsgiApp: 'app.mjs:app', environ: { 'my.key': 'value' }, env: ['GREETING=hello'] };`;
    const { code, body } = await run(['--chdir', folder({ 'wsgi.config.mjs': config })], { PORT: 'no port' });
    expect({ code, body: body.toString() }).to.deep.equal({ code: 0, body: ' hello value' });
  });

  it('answers 500 where the application cannot be loaded', async () => {
    const { code, status, stderr } = await run([`${folder()}/app.mjs:none`]);
    expect({ code, status }).to.deep.equal({ code: 1, status: '500 Internal Server Error' });
    expect(stderr).to.match(/wsgi: \S+ does not export none/);
  });

  for (const [flags, shown] of [
    [['-b', ':80'], '--bind'],
    [['--reload'], '--reload'],
    [['--timeout', '3'], '--timeout'],
    [['-p', 'x'], '--pid'],
  ] as const) {
    it(`refuses ${shown}`, async () => {
      const { code, stdout, stderr } = await run([...flags, 'app.mjs:app']);
      expect({ code, stdout: stdout.toString() }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.equal(
        `wsgi: --cgi does not go with ${shown}: the web server listens, and starts a process for each request\nTry wsgi --help\n`,
      );
    });
  }

  it('asks for an application', async () => {
    const { code, stderr } = await run([]);
    expect(code).to.equal(2);
    expect(stderr).to.match(/^wsgi: --cgi needs an application: wsgi --cgi MODULE:CALLABLE\n/);
  });

  it('says how it is run where no web server started it', async () => {
    const { code, stdout, stderr } = await run([`${folder()}/app.mjs:app`], { REQUEST_METHOD: '' });
    expect({ code, stdout: stdout.toString() }).to.deep.equal({ code: 2, stdout: '' });
    expect(stderr).to.match(/^wsgi: This is a CGI script/);
  });
});
