/** Programs that break the rules of C2: servers, or middleware, with a wrong environ. */
import { validator } from '../../../lib/validate/index.js';
import { type Case, environOf, inputOf, loose, plain, REMOVED, serve } from '../support.js';

type Changes = Record<string, unknown>;

function given(environ: unknown) {
  return () => serve(validator(loose(plain)), { environ: environ as Changes });
}

/** One case for each change of a right environ. */
function changed(
  id: Case['id'],
  code: string | undefined,
  ...all: [what: string, changes: Changes][]
): Case[] {
  return all.map(([what, changes]) => {
    const run = given(environOf(changes));
    return code === undefined ? { id, what, run } : { id, what, code, run };
  });
}

const REQUIRED = [
  'REQUEST_METHOD',
  'SERVER_NAME',
  'SERVER_PORT',
  'wsgi.version',
  'wsgi.input',
  'wsgi.errors',
  'wsgi.multithread',
  'wsgi.multiprocess',
  'wsgi.run_once',
  'wsgi.url_scheme',
];

/** A stream without one of its members. */
function without(stream: object, name: string | symbol): object {
  return new Proxy(stream, {
    get(target, key) {
      return key === name ? undefined : Reflect.get(target, key, target);
    },
  });
}

const errors = environOf()['wsgi.errors'] as object;

class Environment {
  constructor() {
    Object.assign(this, environOf());
  }
  get(): void {}
}

const nullish = Object.assign(Object.create(null), environOf());

export const ENVIRON: readonly Case[] = [
  { id: 'C-020', what: 'a Map', code: 'environ-not-dict', run: given(new Map(Object.entries(environOf()))) },
  { id: 'C-020', what: 'an instance of a class', code: 'environ-not-dict', run: given(new Environment()) },
  { id: 'C-020', what: 'an array', code: 'environ-not-dict', run: given([]) },
  { id: 'C-020', what: 'null', code: 'environ-not-dict', run: given(null) },
  {
    id: 'C-020',
    what: 'an environ that inherits another',
    code: 'environ-not-dict',
    run: given(Object.create(environOf())),
  },
  { id: 'C-020', what: 'an object without prototype', run: given(nullish) },
  {
    id: 'C-020',
    what: 'an object whose prototype is empty',
    run: given(Object.assign(Object.create(Object.create(null)), environOf())),
  },
  { id: 'C-021', what: 'a frozen one', code: 'environ-frozen', run: given(Object.freeze(environOf())) },
  { id: 'C-021', what: 'a sealed one', code: 'environ-frozen', run: given(Object.seal(environOf())) },
  {
    id: 'C-021',
    what: 'one closed to new keys',
    code: 'environ-frozen',
    run: given(Object.preventExtensions(environOf())),
  },
  {
    id: 'C-022',
    what: 'a symbol',
    code: 'environ-key-not-string',
    run: given({ ...environOf(), [Symbol('user')]: 'x' }),
  },
  ...REQUIRED.flatMap((key) => changed('C-023', 'environ-missing-key', [`no ${key}`, { [key]: REMOVED }])),
  ...changed(
    'C-024',
    'environ-server-protocol',
    ['none', { SERVER_PROTOCOL: REMOVED }],
    ['HTTP alone', { SERVER_PROTOCOL: 'HTTP' }],
    ['more after it', { SERVER_PROTOCOL: 'HTTP/1.1\n' }],
    ['more before it', { SERVER_PROTOCOL: 'xHTTP/1.1' }],
  ),
  ...changed('C-024', undefined, ['HTTP/2', { SERVER_PROTOCOL: 'HTTP/2' }]),
  ...changed('C-025', 'environ-no-query-string', ['none', { QUERY_STRING: REMOVED }]),
  ...changed(
    'C-026',
    'environ-http-content',
    ['HTTP_CONTENT_TYPE', { HTTP_CONTENT_TYPE: 'text/plain' }],
    ['HTTP_CONTENT_LENGTH', { HTTP_CONTENT_LENGTH: '0' }],
  ),
  ...changed(
    'C-027',
    'environ-not-string',
    ['a number', { SERVER_PORT: 80 }],
    ['null', { REMOTE_USER: null }],
    ['undefined', { CONTENT_TYPE: undefined }],
    ['bytes', { PATH_INFO: Buffer.from('/') }],
  ),
  ...changed('C-028', 'environ-not-native', ['text', { PATH_INFO: '/日本' }]),
  ...changed('C-028', undefined, ['bytes as latin-1', { PATH_INFO: '/caf\xc3\xa9' }]),
  ...changed(
    'C-029',
    'environ-version',
    ['1.0', { 'wsgi.version': '1.0' }],
    ['[1]', { 'wsgi.version': [1] }],
    ['[1, 1]', { 'wsgi.version': [1, 1] }],
    ['[1, 0, 0]', { 'wsgi.version': [1, 0, 0] }],
  ),
  ...changed('C-029', undefined, ['a frozen [1, 0]', { 'wsgi.version': Object.freeze([1, 0]) }]),
  ...changed(
    'C-030',
    'environ-url-scheme',
    ['ws', { 'wsgi.url_scheme': 'ws' }],
    ['capitals', { 'wsgi.url_scheme': 'HTTP' }],
    ['nothing', { 'wsgi.url_scheme': undefined }],
  ),
  ...changed(
    'C-031',
    'environ-method',
    ['an empty one', { REQUEST_METHOD: '' }],
    ['a space', { REQUEST_METHOD: 'GET ' }],
    ['a line end', { REQUEST_METHOD: 'GET\n' }],
  ),
  ...changed(
    'C-032',
    'environ-unusual-method',
    ['lower case', { REQUEST_METHOD: 'get' }],
    ['one of WebDAV', { REQUEST_METHOD: 'PROPFIND' }],
  ),
  ...changed('C-032', undefined, ['QUERY', { REQUEST_METHOD: 'QUERY' }]),
  ...changed('C-033', 'environ-script-name', ['no slash', { SCRIPT_NAME: 'app' }]),
  ...changed('C-034', 'environ-script-name-root', ['"/"', { SCRIPT_NAME: '/', PATH_INFO: '' }]),
  ...changed('C-035', 'environ-script-name-slash', ['"/app/"', { SCRIPT_NAME: '/app/' }]),
  ...changed(
    'C-036',
    'environ-path-info',
    ['no slash', { PATH_INFO: 'x' }],
    ['"*" of GET', { PATH_INFO: '*' }],
    ['a URL', { PATH_INFO: 'http://a/' }],
  ),
  ...changed('C-036', undefined, ['"*" of OPTIONS', { PATH_INFO: '*', REQUEST_METHOD: 'OPTIONS' }]),
  ...changed('C-037', 'environ-path-fragment', ['a fragment', { PATH_INFO: '/a#b' }]),
  ...changed(
    'C-037',
    'environ-target-form',
    ['a host for GET', { REQUEST_URI: 'example.com:80' }],
    ['a URL for CONNECT', { REQUEST_METHOD: 'CONNECT', RAW_URI: 'http://a/' }],
  ),
  ...changed(
    'C-037',
    undefined,
    ['an encoded #', { PATH_INFO: '/a#b', REQUEST_URI: '/a%23b' }],
    ['a URL for GET', { REQUEST_URI: 'http://a/' }],
    ['a host for CONNECT', { REQUEST_METHOD: 'CONNECT', REQUEST_URI: 'a:443' }],
  ),
  ...changed(
    'C-038',
    'environ-no-path',
    ['both empty', { PATH_INFO: '' }],
    ['both absent', { SCRIPT_NAME: REMOVED, PATH_INFO: REMOVED }],
  ),
  ...changed(
    'C-039',
    'environ-content-length',
    ['a text', { CONTENT_LENGTH: 'many' }],
    ['a sign', { CONTENT_LENGTH: '-1' }],
    ['a fraction', { CONTENT_LENGTH: '1.5' }],
  ),
  ...changed('C-039', undefined, ['an empty one', { CONTENT_LENGTH: '' }], ['12', { CONTENT_LENGTH: '12' }]),
  ...changed('C-040', 'environ-server-name', ['an empty one', { SERVER_NAME: '' }]),
  ...changed(
    'C-041',
    'environ-server-port',
    ['an empty one', { SERVER_PORT: '' }],
    ['a name', { SERVER_PORT: 'http' }],
  ),
  ...changed(
    'C-042',
    'environ-host',
    ['a path', { HTTP_HOST: 'a/b' }],
    ['a port of letters', { HTTP_HOST: 'a:b' }],
  ),
  ...changed('C-042', undefined, ['an IPv6 address', { HTTP_HOST: '[::1]:80' }]),
  ...changed(
    'C-043',
    'environ-flag',
    ['a text', { 'wsgi.multithread': 'no' }],
    ['undefined', { 'wsgi.multiprocess': undefined }],
    ['2', { 'wsgi.run_once': 2 }],
  ),
  ...changed('C-043', undefined, ['0 and 1', { 'wsgi.run_once': 0, 'wsgi.multithread': 1 }]),
  ...['read', 'readline', 'readlines', Symbol.asyncIterator].flatMap((name) =>
    changed('C-044', 'input-incomplete', [`no ${String(name)}`, { 'wsgi.input': without(inputOf(), name) }]),
  ),
  ...changed('C-044', 'input-incomplete', ['null', { 'wsgi.input': null }]),
  ...['write', 'writelines', 'flush'].flatMap((name) =>
    changed('C-045', 'errors-incomplete', [`no ${name}`, { 'wsgi.errors': without(errors, name) }]),
  ),
  ...changed('C-045', 'errors-incomplete', ['undefined', { 'wsgi.errors': undefined }]),
  ...changed(
    'C-046',
    'environ-file-wrapper',
    ['null', { 'wsgi.file_wrapper': null }],
    ['an object', { 'wsgi.file_wrapper': {} }],
  ),
  ...changed(
    'C-047',
    'environ-extension-name',
    ['capitals', { 'myServer.key': 1 }],
    ['a dash', { 'my-server.key': 1 }],
  ),
  ...changed('C-047', undefined, ['a key of middleware', { 'my_server.key2': {} }]),
  ...changed(
    'C-048',
    'environ-suspicious-key',
    ['HTTP_PROXY', { HTTP_PROXY: 'x' }],
    ['COOKIE', { COOKIE: 'a=b' }],
  ),
];
