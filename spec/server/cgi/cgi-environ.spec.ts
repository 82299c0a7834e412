/** Variables of CGI, and the environ that they become. */
import { expect } from 'chai';
import { TextErrorStream } from '../../../lib/environ/error-stream.js';
import { fileWrapper } from '../../../lib/environ/file/file-wrapper.js';
import { BodyInput } from '../../../lib/environ/input/input.js';
import { buildCgiEnviron, readVariables } from '../../../lib/server/cgi/cgi-environ.js';

function build(variables: Record<string, string>, baseEnviron?: Record<string, unknown>) {
  return buildCgiEnviron(new Map(Object.entries({ REQUEST_METHOD: 'GET', ...variables })), {
    input: new BodyInput(),
    errors: new TextErrorStream(),
    fileWrapper,
    abortSignal: new AbortController().signal,
    baseEnviron,
  });
}

describe('buildCgiEnviron', () => {
  it('has what PEP 3333 asks for, whatever the web server left out', () => {
    expect(build({})).to.include({
      SCRIPT_NAME: '',
      PATH_INFO: '',
      QUERY_STRING: '',
      SERVER_NAME: 'localhost',
      SERVER_PORT: '80',
      SERVER_PROTOCOL: 'HTTP/1.0',
      GATEWAY_INTERFACE: 'CGI/1.1',
      REMOTE_ADDR: '',
      REQUEST_URI: '/',
      RAW_URI: '/',
    });
  });

  it('inherits nothing', () => {
    expect(Object.getPrototypeOf(build({}))).to.equal(null);
    expect('toString' in build({})).to.equal(false);
  });

  for (const [value, scheme] of [
    ['on', 'https'],
    ['1', 'https'],
    ['yes', 'https'],
    ['off', 'http'],
    ['0', 'http'],
    ['', 'http'],
  ] as const) {
    it(`takes HTTPS=${value} for ${scheme}`, () => {
      expect(build({ HTTPS: value })['wsgi.url_scheme']).to.equal(scheme);
    });
  }

  it('has port 443 for https where none was told', () => {
    expect(build({ HTTPS: 'on' }).SERVER_PORT).to.equal('443');
  });

  it('takes an empty CONTENT_LENGTH and CONTENT_TYPE for none', () => {
    const environ = build({ CONTENT_LENGTH: '', CONTENT_TYPE: '' });
    expect(environ).not.to.have.any.keys('CONTENT_LENGTH', 'CONTENT_TYPE');
  });

  for (const name of ['HTTP_PROXY', 'HTTP_CONTENT_LENGTH', 'HTTP_CONTENT_TYPE', 'HTTP_TRANSFER_ENCODING']) {
    it(`drops ${name}`, () => {
      expect(build({ [name]: 'x' })).not.to.have.property(name);
    });
  }

  it('rebuilds the target where the web server does not tell it', () => {
    const environ = build({ SCRIPT_NAME: '/a b', PATH_INFO: '/caf\xc3\xa9/x;y', QUERY_STRING: 'q=%20' });
    expect(environ.REQUEST_URI).to.equal('/a%20b/caf%C3%A9/x;y?q=%20');
    expect(build({ REQUEST_URI: '/as/sent' }).RAW_URI).to.equal('/as/sent');
  });

  it('strips the SCRIPT_NAME that IIS repeats in PATH_INFO', () => {
    const path = (PATH_INFO: string, SERVER_SOFTWARE = 'Microsoft-IIS/10.0') =>
      build({ SCRIPT_NAME: '/app.cgi', PATH_INFO, SERVER_SOFTWARE }).PATH_INFO;
    expect(path('/app.cgi/x')).to.equal('/x');
    expect(path('/app.cgi')).to.equal('');
    expect(path('/app.cgix')).to.equal('/app.cgix');
    expect(path('/app.cgi/x', 'Apache/2.4')).to.equal('/app.cgi/x');
  });

  it('adds keys of the deployer, and replaces none', () => {
    const environ = build({ PATH_INFO: '/x' }, { 'my.key': 1, PATH_INFO: '/y', 'wsgi.run_once': false });
    expect(environ).to.include({ 'my.key': 1, PATH_INFO: '/x', 'wsgi.run_once': true });
  });

  it('lets no variable stand for a key of the gateway', () => {
    expect(build({ 'wsgi.run_once': 'no' })['wsgi.run_once']).to.equal(true);
  });
});

describe('readVariables', () => {
  const none = () => {
    throw new Error('not needed');
  };

  it('has text as the bytes of its UTF-8', () => {
    expect(readVariables({ A: 'café', B: '' }, none)).to.deep.equal(
      new Map([
        ['A', 'caf\xc3\xa9'],
        ['B', ''],
      ]),
    );
  });

  it('looks up bytes that are no UTF-8', () => {
    const raw = Buffer.from('A=caf\xe9\0B=\xff\0C=x=y\0', 'latin1');
    expect(readVariables({ A: 'caf\uFFFD', B: 'set anew', C: 'x=y' }, () => raw)).to.deep.equal(
      new Map([
        ['A', 'caf\xe9'],
        ['B', 'set anew'],
        ['C', 'x=y'],
      ]),
    );
  });

  it('keeps a U+FFFD that was sent, and one that cannot be looked up', () => {
    const sent = Buffer.from('A=\uFFFD\0');
    for (const raw of [sent, undefined]) {
      expect(readVariables({ A: '\uFFFD' }, () => raw).get('A')).to.equal('\xef\xbf\xbd');
    }
  });
});
