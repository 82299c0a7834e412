/** lib/util/testing-defaults.ts: `wsgiref.util.setup_testing_defaults` (CONFORMANCE D-006). */
import { expect } from 'chai';
import { BodyInput } from '../../lib/environ/input/input.js';
import type { ErrorStream } from '../../lib/environ/types.js';
import { MemoryErrors, setupTestingDefaults } from '../../lib/util/testing-defaults.js';

function defaults(given: Record<string, unknown> = {}): Record<string, unknown> {
  const environ = { ...given };
  setupTestingDefaults(environ);
  return environ;
}

describe('setupTestingDefaults', () => {
  it('makes a request for the root of 127.0.0.1, and adds no QUERY_STRING', () => {
    const { 'wsgi.input': input, 'wsgi.errors': errors, ...rest } = defaults();
    expect(rest).to.deep.equal({
      SERVER_NAME: '127.0.0.1',
      SERVER_PROTOCOL: 'HTTP/1.0',
      HTTP_HOST: '127.0.0.1',
      REQUEST_METHOD: 'GET',
      SCRIPT_NAME: '',
      PATH_INFO: '/',
      'wsgi.version': [1, 0],
      'wsgi.run_once': false,
      'wsgi.multithread': false,
      'wsgi.multiprocess': false,
      'wsgi.url_scheme': 'http',
      SERVER_PORT: '80',
    });
    expect(input).to.be.instanceOf(BodyInput);
    expect(errors).to.be.instanceOf(MemoryErrors);
  });

  it('has an empty input', async () => {
    const input = defaults()['wsgi.input'] as BodyInput;
    expect(await input.read()).to.deep.equal(Buffer.alloc(0));
    expect(await input.readlines()).to.deep.equal([]);
  });

  it('keeps what is written to errors', () => {
    const errors = defaults()['wsgi.errors'] as ErrorStream;
    expect(String(errors)).to.equal('');
    errors.write('one\n');
    errors.writelines(['two', '\n']);
    errors.flush();
    expect(String(errors)).to.equal('one\ntwo\n');
    expect(() => errors.write(Buffer.from('x') as unknown as string)).to.throw(TypeError, 'takes a string');
  });

  it('gives each environ streams and a version of its own', () => {
    const [one, other] = [defaults(), defaults()];
    for (const key of ['wsgi.input', 'wsgi.errors', 'wsgi.version'])
      expect(one[key]).not.to.equal(other[key]);
  });

  it('replaces nothing', () => {
    const given = Object.fromEntries(Object.keys(defaults()).map((key) => [key, `mine: ${key}`]));
    expect(defaults(given)).to.deep.equal(given);
    expect(defaults({ HTTP_HOST: null, 'wsgi.run_once': 0, SERVER_NAME: '' })).to.include({
      HTTP_HOST: null,
      'wsgi.run_once': 0,
      SERVER_NAME: '',
    });
  });

  it('fills what is undefined', () => {
    expect(defaults({ REQUEST_METHOD: undefined, PATH_INFO: undefined })).to.include({
      REQUEST_METHOD: 'GET',
      PATH_INFO: '/',
    });
  });

  const derived: [what: string, given: Record<string, unknown>, expected: Record<string, unknown>][] = [
    ['HTTP_HOST from SERVER_NAME', { SERVER_NAME: 'spam' }, { HTTP_HOST: 'spam' }],
    ['the scheme and port from HTTPS', { HTTPS: 'on' }, { 'wsgi.url_scheme': 'https', SERVER_PORT: '443' }],
    ['the port from the scheme', { 'wsgi.url_scheme': 'https' }, { SERVER_PORT: '443' }],
  ];
  for (const [what, given, expected] of derived) {
    it(`takes ${what}`, () => expect(defaults(given)).to.include(expected));
  }

  it('adds no port for a scheme that it does not know', () => {
    expect(defaults({ 'wsgi.url_scheme': 'gopher' })).not.to.have.property('SERVER_PORT');
  });

  it('adds SCRIPT_NAME and PATH_INFO only if both are missing', () => {
    expect(defaults({ PATH_INFO: '/x' })).not.to.have.property('SCRIPT_NAME');
    expect(defaults({ SCRIPT_NAME: '/x' })).not.to.have.property('PATH_INFO');
  });

  it('takes an object without a prototype', () => {
    const environ = Object.create(null) as Record<string, unknown>;
    setupTestingDefaults(environ);
    expect(environ['PATH_INFO']).to.equal('/');
  });
});
