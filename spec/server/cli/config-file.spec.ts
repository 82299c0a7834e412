/** wsgi.config.mjs and --config. */
import { expect } from 'chai';
import { ConfigError } from '../../../lib/errors.js';
import { type Config, loadConfigFile } from '../../../lib/server/cli/config-file.js';
import { insteadOf } from '../../../lib/server/options/unknown-option.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const load = (text: string, name = 'wsgi.config.mjs'): Promise<Config> =>
  loadConfigFile(
    temporaryFolder({ [name]: text }, import.meta.dirname),
    name === 'wsgi.config.mjs' ? undefined : name,
  );

async function refusal(text: string, name?: string): Promise<ConfigError> {
  const error = await load(text, name).then(
    () => new Error('it was taken'),
    (reason: Error) => reason,
  );
  expect(error).to.be.instanceOf(ConfigError);
  return error as ConfigError;
}

describe('loadConfigFile', () => {
  afterEach(removeTemporaryFolders);

  it('is content without a file', async () => {
    expect(await loadConfigFile(temporaryFolder())).to.deep.equal({ server: {}, command: {} });
  });

  it('refuses a file that was asked for and is not there', async () => {
    const folder = temporaryFolder();
    const error = await loadConfigFile(folder, 'x.mjs').catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(ConfigError);
    expect(error).to.have.property(
      'message',
      `There is no config file x.mjs: ${folder}/x.mjs does not exist`,
    );
  });

  const forms: [string, string, string?][] = [
    ['named exports', 'export const bind = ":1", timeout = 2, wsgiApp = "a:b";'],
    ['a default export', 'export default { bind: ":1", timeout: 2, wsgiApp: "a:b", port: undefined };'],
    ['a function', 'export default () => ({ bind: ":1", timeout: 2, wsgiApp: "a:b" });'],
    ['an async function', 'export default async () => ({ bind: ":1", timeout: 2, wsgi_app: "a:b" });'],
    ['CommonJS', 'module.exports = { bind: ":1", timeout: 2, wsgi_app: "a:b" };', 'my.config.cjs'],
    [
      'a default export of TypeScript',
      'export default { bind: ":1", timeout: 2, wsgi_app: "a:b" as string }',
      'a.ts',
    ],
    ['TypeScript', 'export const bind: string = ":1", timeout = 2, wsgi_app = "a:b";', 'my.config.ts'],
  ];
  for (const [what, text, name] of forms) {
    it(`reads ${what}`, async () => {
      const expected = { server: { bind: ':1', timeout: 2 }, command: {}, wsgiApp: 'a:b' };
      expect(await load(text, name)).to.deep.equal(expected);
    });
  }

  it("knows gunicorn's names", async () => {
    const text = `
      export const graceful_timeout = 1, keepalive = 2, limit_request_field_size = 3;
      export const accesslog = '-', errorlog = '-', loglevel = 'debug';
      export const chdir = '/', raw_env = ['A=1'], pidfile = 'p', umask = 0o22, reload = true;`;
    expect(await load(text)).to.deep.include({
      server: {
        gracefulTimeout: 1,
        keepAlive: 2,
        limitRequestFieldSize: 3,
        accessLogfile: '-',
        errorLogfile: '-',
        logLevel: 'debug',
      },
      command: { chdir: '/', env: ['A=1'], pid: 'p', umask: 0o22, reload: true },
    });
  });

  const refused: [string, string][] = [
    ['export const processes = 2', `wsgi.config.mjs: there is no option processes${insteadOf('processes')}`],
    ['export const timout = 2', 'wsgi.config.mjs: there is no option timout (did you mean timeout?)'],
    ['export const config = "x"', 'wsgi.config.mjs: there is no option config'],
    ['export const help = true', 'wsgi.config.mjs: there is no option help'],
    [
      'export const timeout = "2"',
      "wsgi.config.mjs: option timeout must be a number of seconds from 0 to 2147483, not '2'",
    ],
    [
      'export const graceful_timeout = 1, gracefulTimeout = 1',
      'wsgi.config.mjs: option gracefulTimeout is there twice, once as graceful_timeout',
    ],
    ['export const wsgi_app = 1', 'wsgi.config.mjs: option wsgi_app must be MODULE:CALLABLE, not 1'],
    [
      'export default 1',
      'The default export of wsgi.config.mjs must be an object or a function that returns one, not 1',
    ],
    [
      'export default () => {}',
      'The default export of wsgi.config.mjs must be an object or a function that returns one, not undefined',
    ],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text} and names the file`, async () => {
      expect(await refusal(text)).to.have.property('message', message);
    });
  }

  it('says that its function threw, with the cause', async () => {
    const error = await refusal('export default () => { throw new RangeError("oh") }');
    expect(error.message).to.equal('The default export of wsgi.config.mjs threw');
    expect(error.cause).to.be.instanceOf(RangeError);
  });

  it('says where a syntax error is', async () => {
    expect((await refusal('export const\n  a = = 1')).message).to.match(
      /\/wsgi\.config\.mjs:2: Unexpected token '='$/,
    );
  });
});
