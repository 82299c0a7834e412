/** lib/util/demo-app.ts: `wsgiref.simple_server.demo_app` (CONFORMANCE D-084). */
import { expect } from 'chai';
import type { Bytes, Environ, HeaderList } from '../../lib/environ/types.js';
import { demoApp } from '../../lib/util/demo-app.js';
import { setupTestingDefaults } from '../../lib/util/testing-defaults.js';

interface Answer {
  readonly heads: [status: string, headers: HeaderList][];
  readonly text: string;
}

function ask(environ: Record<string, unknown>): Answer {
  const heads: [string, HeaderList][] = [];
  const body = demoApp(environ as Environ, (status, headers) => {
    heads.push([status, headers]);
    return () => undefined;
  });
  return { heads, text: Buffer.concat([...(body as Iterable<Bytes>)]).toString() };
}

describe('demoApp', () => {
  it('says hello and shows its environ, sorted, as Python prints it', () => {
    const environ = { QUERY_STRING: "a='b'", HTTPS: 'on', 'wsgi.file_wrapper': function fileWrapper() {} };
    setupTestingDefaults(environ);
    const { heads, text } = ask(environ);
    expect(heads).to.deep.equal([['200 OK', [['Content-Type', 'text/plain; charset=utf-8']]]]);
    expect(text.split('\n')).to.deep.equal([
      'Hello world!',
      '',
      "HTTPS = 'on'",
      "HTTP_HOST = '127.0.0.1'",
      "PATH_INFO = '/'",
      'QUERY_STRING = "a=\'b\'"',
      "REQUEST_METHOD = 'GET'",
      "SCRIPT_NAME = ''",
      "SERVER_NAME = '127.0.0.1'",
      "SERVER_PORT = '443'",
      "SERVER_PROTOCOL = 'HTTP/1.0'",
      'wsgi.errors = <MemoryErrors object>',
      'wsgi.file_wrapper = <function fileWrapper>',
      'wsgi.input = <BodyInput object>',
      'wsgi.multiprocess = False',
      'wsgi.multithread = False',
      'wsgi.run_once = False',
      "wsgi.url_scheme = 'https'",
      'wsgi.version = (1, 0)',
      '',
    ]);
  });

  it('encodes as UTF-8, as Python does', () => {
    expect(ask({ PATH_INFO: '/caf\xc3\xa9' }).text).to.equal("Hello world!\n\nPATH_INFO = '/caf\xc3\xa9'\n");
  });

  it('keeps a line for each key, whatever the value holds', () => {
    expect(ask({ HTTP_X: 'a\r\nSERVER_NAME = 1', A: null }).text).to.equal(
      "Hello world!\n\nA = None\nHTTP_X = 'a\\r\\nSERVER_NAME = 1'\n",
    );
  });

  it('says hello to an empty environ', () => {
    expect(ask({}).text).to.equal('Hello world!\n\n');
  });
});
