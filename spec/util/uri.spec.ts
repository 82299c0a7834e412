/** lib/util/uri.ts: `wsgiref.util.application_uri` and `request_uri` (CONFORMANCE D-003, D-004). */
import { expect } from 'chai';
import { setupTestingDefaults } from '../../lib/util/testing-defaults.js';
import { applicationUri, requestUri } from '../../lib/util/wsgiref-util.js';

type Given = Record<string, unknown>;

const HOST = 'http://127.0.0.1';

const APPLICATION: [id: string, given: Given, uri: string][] = [
  ['D-T18', {}, `${HOST}/`],
  ['D-T19', { SCRIPT_NAME: '/sp\xe4m' }, `${HOST}/sp%E4m`],
  ['D-T20', { HTTP_HOST: 'spam.example.com:2071', SERVER_PORT: '2071' }, 'http://spam.example.com:2071/'],
  ['D-T21', { HTTP_HOST: '127.0.0.1', SERVER_NAME: 'other' }, `${HOST}/`],
  ['D-T22', { HTTPS: 'on' }, 'https://127.0.0.1/'],
  ['D-T23', { HTTP_HOST: null, SERVER_PORT: '8000' }, `${HOST}:8000/`],
  ['a SERVER_NAME alone', { SERVER_NAME: 'spam.example.com' }, 'http://spam.example.com/'],
  ['an empty HTTP_HOST', { HTTP_HOST: '', SERVER_PORT: '80' }, `${HOST}/`],
  ['port 443 of https', { HTTP_HOST: null, HTTPS: '1', SERVER_PORT: '443' }, 'https://127.0.0.1/'],
  ['port 80 of https', { HTTP_HOST: null, HTTPS: '1', SERVER_PORT: '80' }, 'https://127.0.0.1:80/'],
  ['port 443 of http', { HTTP_HOST: null, SERVER_PORT: '443' }, `${HOST}:443/`],
  ['; and , in SCRIPT_NAME', { SCRIPT_NAME: '/a;b=1,2' }, `${HOST}/a%3Bb%3D1%2C2`],
  ['a SCRIPT_NAME of null', { SCRIPT_NAME: null, PATH_INFO: '/x' }, `${HOST}/`],
  ['neither path nor query', { PATH_INFO: '/x', QUERY_STRING: 'y' }, `${HOST}/`],
];

const REQUEST: [id: string, given: Given, uri: string][] = [
  ['D-T24', { SCRIPT_NAME: '/spammity', PATH_INFO: '/spam' }, `${HOST}/spammity/spam`],
  ['D-T25', { PATH_INFO: '/spam;cookie=1234,5678' }, `${HOST}/spam;cookie=1234,5678`],
  ['D-T26', { PATH_INFO: '/sp\xe4m' }, `${HOST}/sp%E4m`],
  [
    'D-T27',
    { SCRIPT_NAME: '/spammity', PATH_INFO: '/spam', QUERY_STRING: 's%E4y=ni' },
    `${HOST}/spammity/spam?s%E4y=ni`,
  ],
  ['D-T28', { SCRIPT_NAME: '/a b', PATH_INFO: '/c;d=1,2/\xe9%' }, `${HOST}/a%20b/c;d=1,2/%E9%25`],
  ['the root', {}, `${HOST}/`],
  ['a mount point without a path', { SCRIPT_NAME: '/a' }, `${HOST}/a`],
  ['an empty query', { QUERY_STRING: '' }, `${HOST}/`],
  ['a query of null', { QUERY_STRING: null }, `${HOST}/`],
  ['a query as it was sent', { PATH_INFO: '/', QUERY_STRING: 'a b=%zz#' }, `${HOST}/?a b=%zz#`],
  ['a slash twice', { PATH_INFO: '//x' }, `${HOST}//x`],
  [
    'every mark',
    { PATH_INFO: '/~-._!"#$&\'()*+:?@[\\]^`{|}<>' },
    `${HOST}/~-._%21%22%23%24%26%27%28%29%2A%2B%3A%3F%40%5B%5C%5D%5E%60%7B%7C%7D%3C%3E`,
  ],
  ['control characters', { PATH_INFO: '/\0\n\x7f\x80' }, `${HOST}/%00%0A%7F%80`],
];

function withDefaults(given: Given): Given {
  const environ = { ...given };
  setupTestingDefaults(environ);
  return environ;
}

describe('applicationUri', () => {
  for (const [id, given, uri] of APPLICATION) {
    it(`${id}: ${uri}`, () => expect(applicationUri(withDefaults(given))).to.equal(uri));
  }

  it('says which key is missing', () => {
    expect(() => applicationUri({})).to.throw(TypeError, 'environ has no wsgi.url_scheme');
    expect(() => applicationUri({ 'wsgi.url_scheme': 'http' })).to.throw(TypeError, 'SERVER_NAME');
    const environ = { 'wsgi.url_scheme': 'http', SERVER_NAME: 'h', SERVER_PORT: null };
    expect(() => applicationUri(environ)).to.throw(TypeError, 'environ has no SERVER_PORT');
  });

  it('refuses what is not a string', () => {
    const environ = withDefaults({ HTTP_HOST: null, SERVER_PORT: 8000 });
    expect(() => applicationUri(environ)).to.throw(
      TypeError,
      'SERVER_PORT of environ must be a string, not 8000',
    );
  });

  it('refuses text that is not a native string', () => {
    expect(() => applicationUri(withDefaults({ SCRIPT_NAME: '/\u20ac' }))).to.throw(
      RangeError,
      'native string',
    );
  });
});

describe('requestUri', () => {
  for (const [id, given, uri] of REQUEST) {
    it(`${id}: ${uri}`, () => {
      const environ = withDefaults(given);
      expect(requestUri(environ)).to.equal(uri);
      expect(requestUri(environ, true)).to.equal(uri);
    });
  }

  it('D-T27: leaves the query out', () => {
    const environ = withDefaults({ SCRIPT_NAME: '/spammity', PATH_INFO: '/spam', QUERY_STRING: 's%E4y=ni' });
    expect(requestUri(environ, false)).to.equal(`${HOST}/spammity/spam`);
  });

  it('does without a PATH_INFO', () => {
    const environ = { 'wsgi.url_scheme': 'https', HTTP_HOST: 'h', SCRIPT_NAME: '/a' };
    expect(requestUri(environ)).to.equal('https://h/a');
  });

  it('changes nothing', () => {
    const environ = Object.freeze(withDefaults({ QUERY_STRING: 'a' }));
    expect(requestUri(environ)).to.equal(`${HOST}/?a`);
  });
});
