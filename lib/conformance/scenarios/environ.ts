/** environ: what the application sees of a request (E1, A16 and A17). */
import assert from 'node:assert/strict';
import { get, get10, message, post, postChunks, report } from '../messages.js';
import { type Capability, type Scenario, scenario } from '../scenario.js';

/** Answers with these keys of environ; null for one that is not there. */
function keys(...names: string[]) {
  return report((environ: Record<string, unknown>) =>
    names.map((name) => (name in environ ? environ[name] : null)),
  );
}

interface Row {
  id: string;
  name: string;
  request: string | Buffer;
  keys: string[];
  values: unknown[];
  needs?: Capability[];
  covers?: string[];
}

const options = message('OPTIONS * HTTP/1.1', ['Host: h']);

// biome-ignore format: one row each
const table: Row[] = [
  { id: 'E-001', name: 'has an empty SCRIPT_NAME at the root', request: get(), keys: ['SCRIPT_NAME'], values: [''], covers: ['E-016'] },
  { id: 'E-002', name: 'has the QUERY_STRING as it was sent', request: get('/?name=miyagawa'), keys: ['QUERY_STRING', 'REQUEST_METHOD'], values: ['name=miyagawa', 'GET'] },
  { id: 'E-005', name: 'has the scheme', request: post(''), keys: ['wsgi.url_scheme'], values: ['http'] },
  { id: 'E-009', name: 'has a header', request: get('/', 'Foo: Bar'), keys: ['HTTP_FOO'], values: ['Bar'] },
  { id: 'E-010', name: 'has the cookies', request: get('/', 'Cookie: foo'), keys: ['HTTP_COOKIE', 'COOKIE'], values: ['foo', null], covers: ['E-023'] },
  { id: 'E-012', name: 'decodes the path', request: get('/foo/bar%2cbaz'), keys: ['PATH_INFO'], values: ['/foo/bar,baz'], needs: ['raw-target'] },
  { id: 'E-013', name: 'decodes the path once', request: get('/foo/bar%252cbaz'), keys: ['PATH_INFO'], values: ['/foo/bar%2cbaz'], needs: ['raw-target'] },
  { id: 'E-014', name: 'has the bytes of a path as latin-1', request: get('/foo%E3%81%82'), keys: ['PATH_INFO'], values: ['/foo\xe3\x81\x82'], needs: ['raw-target'] },
  { id: 'E-015', name: 'has the protocol', request: get(), keys: ['SERVER_PROTOCOL'], values: ['HTTP/1.1'] },
  { id: 'E-015.http10', name: 'has the protocol HTTP/1.0', request: get10(), keys: ['SERVER_PROTOCOL', 'HTTP_HOST'], values: ['HTTP/1.0', null], needs: ['http10'] },
  { id: 'E-021', name: 'joins repeated headers', request: get('/', 'Foo: bar', 'Foo: baz'), keys: ['HTTP_FOO'], values: ['bar,baz'], needs: ['raw-http'] },
  { id: 'E-166', name: 'joins repeated headers in order, without blanks around them', request: get('/', 'XYZ:  a ', 'XYZ:  b', 'XYZ: c ', 'XYZ: d'), keys: ['HTTP_XYZ'], values: ['a,b,c,d'], needs: ['raw-http'] },
  { id: 'E-023', name: 'joins repeated cookies by a semicolon', request: get('/', 'Cookie: a=1', 'Cookie: b=2'), keys: ['HTTP_COOKIE', 'COOKIE'], values: ['a=1; b=2', null] },
  { id: 'E-025', name: 'has the target as it was sent', request: get('/foo/bar%20baz%73?x=a'), keys: ['REQUEST_URI', 'RAW_URI'], values: ['/foo/bar%20baz%73?x=a', '/foo/bar%20baz%73?x=a'], needs: ['raw-target'] },
  { id: 'E-027', name: 'has a long header value', request: get('/', `X-Foo: ${'x'.repeat(128)}`), keys: ['HTTP_X_FOO'], values: ['x'.repeat(128)] },
  { id: 'E-035', name: 'has the Authorization', request: get('/', 'Authorization: Basic XXXX'), keys: ['HTTP_AUTHORIZATION'], values: ['Basic XXXX'] },
  { id: 'E-035.none', name: 'has no Authorization when there is none', request: get(), keys: ['HTTP_AUTHORIZATION'], values: [null], covers: ['A-309'] },
  { id: 'E-036', name: 'keeps repeated slashes', request: get('//foo///bar/baz'), keys: ['PATH_INFO'], values: ['//foo///bar/baz'], needs: ['raw-target'] },
  { id: 'E-143', name: 'has * for the path of OPTIONS *', request: options, keys: ['REQUEST_METHOD', 'PATH_INFO', 'REQUEST_URI'], values: ['OPTIONS', '*', '*'], needs: ['raw-http'], covers: ['A-284'] },
  { id: 'E-165', name: 'has no content type and length where there are none', request: get(), keys: ['CONTENT_TYPE', 'CONTENT_LENGTH'], values: [null, null], covers: ['A-309'] },
  { id: 'E-165.json', name: 'has content type and length', request: post('{}', 'Content-Type: application/json'), keys: ['CONTENT_TYPE', 'CONTENT_LENGTH', 'HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH'], values: ['application/json', '2', null, null] },
  { id: 'E-168', name: 'takes host and path from an absolute target', request: message('GET http://missing.test:1337/index.html#ignore HTTP/1.1', ['Host: h']), keys: ['HTTP_HOST', 'PATH_INFO', 'QUERY_STRING', 'SERVER_NAME'], values: ['missing.test:1337', '/index.html', '', '127.0.0.1'], needs: ['raw-http'], covers: ['A-285', 'A-286'] },
  { id: 'A-286', name: 'leaves a fragment out of path and query, not of the target', request: get('/a?b#c'), keys: ['PATH_INFO', 'QUERY_STRING', 'REQUEST_URI'], values: ['/a', 'b', '/a?b#c'], needs: ['raw-target', 'raw-http'] },
  { id: 'E-181', name: 'drops headers with an underscore', request: get('/', 'X_B: fake', 'X-A: real', 'X_A: fake'), keys: ['HTTP_X_A', 'HTTP_X_B'], values: ['real', null], covers: ['A-287'] },
  { id: 'A-288', name: 'drops Proxy', request: get('/', 'Proxy: evil'), keys: ['HTTP_PROXY'], values: [null] },
  { id: 'A-293', name: 'has the bytes of a header as latin-1, and trims only blanks and tabs', request: Buffer.from(get('/', 'X-A: \t\xa0\xe9\x85 '), 'latin1'), keys: ['HTTP_X_A'], values: ['\xa0\xe9\x85'], needs: ['raw-http'] },
  { id: 'A-219', name: 'has an empty header', request: get('/', 'X-Empty:', 'Accept:'), keys: ['HTTP_X_EMPTY', 'HTTP_ACCEPT'], values: ['', ''] },
  { id: 'E-184', name: 'keeps trailers out of environ', request: message('POST / HTTP/1.1', ['Host: h', 'Transfer-Encoding: chunked', 'Trailer: X-A'], '1\r\nx\r\n0\r\nX-A: late\r\nX-B: late\r\n\r\n'), keys: ['HTTP_X_A', 'HTTP_X_B', 'HTTP_TRAILER'], values: [null, null, 'X-A'], needs: ['raw-http'], covers: ['A-283'] },
];

// biome-ignore format: one row each
const mounted: [id: string, target: string, status: number, values?: string[]][] = [
  ['E-146.exact', '/foo', 200, ['/foo', '']],
  ['E-146.slash', '/foo/', 200, ['/foo', '/']],
  ['E-146.below', '/foo/x%2Fy?q', 200, ['/foo', '/x/y']],
  ['E-146.beside', '/foobar', 404],
  ['E-148', '/foo//bar', 200, ['/foo', '//bar']],
];

export const environ: Scenario[] = [
  ...table.map(({ id, name, request, keys: names, values, needs = [], covers = [] }) =>
    scenario({
      id,
      name,
      covers,
      needs,
      app: () =>
        report(async (seen) => {
          // Trailers come after the body.
          await seen['wsgi.input'].read();
          const environ: Record<string, unknown> = seen;
          return names.map((key) => environ[key] ?? null);
        }),
      request,
      connection: String(request).includes('HTTP/1.0') ? 'closed' : 'kept',
      check: ({ json }) => assert.deepEqual(json, values),
    }),
  ),
  ...mounted.map(([id, target, status, values]) =>
    scenario({
      id,
      name: values === undefined ? `does not serve ${target} under /foo` : `serves ${target} under /foo`,
      needs: ['raw-target'],
      options: { scriptName: '/foo' },
      app: () => keys('SCRIPT_NAME', 'PATH_INFO'),
      request: get(target),
      connection: values === undefined ? 'closed' : 'kept',
      check: (outcome) => {
        assert.equal(outcome.first.status, status);
        if (values !== undefined) assert.deepEqual(outcome.json, values);
      },
    }),
  ),
  scenario({
    id: 'E-011',
    name: 'tells the request apart into method, script, path, query, server and port',
    needs: ['raw-target'],
    app: () =>
      keys(
        'REQUEST_METHOD',
        'SCRIPT_NAME',
        'PATH_INFO',
        'QUERY_STRING',
        'SERVER_NAME',
        'SERVER_PORT',
        'HTTP_HOST',
      ),
    play: async ({ open, port }) => {
      const wire = await open();
      wire.send(message('GET /foo/?dankogai=kogaidan HTTP/1.1', [`Host: 127.0.0.1:${port}`]));
      const values = JSON.parse((await wire.response()).body.toString());
      const server = ['127.0.0.1', String(port), `127.0.0.1:${port}`];
      assert.deepEqual(values, ['GET', '', '/foo/', 'dankogai=kogaidan', ...server]);
    },
  }),
  scenario({
    id: 'E-058',
    name: 'takes client and scheme from a trusted proxy, and nothing that it did not say',
    covers: ['E-182'],
    needs: ['server'],
    options: { forwardedAllowIps: ['127.0.0.1'] },
    app: () => keys('wsgi.url_scheme', 'REMOTE_ADDR', 'HTTP_HOST', 'REMOTE_PORT'),
    request: get('/', 'X-Forwarded-For: 192.168.1.1', 'X-Forwarded-Proto: https'),
    check: ({ json }) => assert.deepEqual(json, ['https', '192.168.1.1', 'h', null]),
  }),
  scenario({
    id: 'E-058.stranger',
    name: 'takes nothing from a client that is not a trusted proxy',
    needs: ['server'],
    options: { forwardedAllowIps: ['192.0.2.1'] },
    app: () => keys('wsgi.url_scheme', 'REMOTE_ADDR'),
    request: get('/', 'X-Forwarded-For: 192.168.1.1', 'X-Forwarded-Proto: https'),
    check: ({ json }) => assert.deepEqual(json, ['http', '127.0.0.1']),
  }),
  scenario({
    id: 'E-182',
    name: 'refuses a trusted proxy that contradicts itself',
    needs: ['server'],
    options: { forwardedAllowIps: ['127.0.0.1'] },
    app: () => keys('wsgi.url_scheme'),
    request: get('/', 'X-Forwarded-Proto: https', 'X-Forwarded-Ssl: off'),
    connection: 'closed',
    check: ({ first }) => assert.equal(first.status, 400),
  }),
  scenario({
    id: 'E-101',
    name: 'passes values of the deployer on',
    covers: ['A-305'],
    options: { environ: { 'test.value': 'Python test', 'test.object': { deep: 1 }, PATH_INFO: '/not this' } },
    app: () => keys('test.value', 'test.object', 'QUERY_STRING', 'PATH_INFO'),
    request: get('/path/?query=test'),
    check: ({ json }) => assert.deepEqual(json, ['Python test', { deep: 1 }, 'query=test', '/path/']),
  }),
  scenario({
    id: 'A-310',
    name: 'has native strings for CGI variables, and nothing that is undefined or null',
    covers: ['A-306', 'A-309', 'E-018'],
    app: () =>
      report((seen) => {
        const wrong: string[] = [];
        for (const [key, value] of Object.entries(seen)) {
          if (value === undefined || value === null) wrong.push(`${key} is ${value}`);
          if (key.includes('.')) {
            if (!/^(wsgi|node)\.[a-z0-9_.]+$/.test(key)) wrong.push(`${key} is not a key of ours`);
          } else if (!/^[A-Z][A-Z0-9_]*$/.test(key)) wrong.push(`${key} is not a CGI variable`);
          else if (typeof value !== 'string' || /[^\0-\xff]/.test(value))
            wrong.push(`${key} is not a native string`);
        }
        return wrong;
      }),
    request: postChunks(['x'], 'X-A: \xe9', 'Cookie: a'),
    check: ({ json }) => assert.deepEqual(json, []),
  }),
  scenario({
    id: 'A-300',
    name: 'tells how the application is run',
    covers: ['A-301', 'A-302'],
    app: () =>
      keys('wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once', 'wsgi.version', 'GATEWAY_INTERFACE'),
    check: ({ json, facts }) => {
      const { multithread, multiprocess, runOnce } = facts;
      assert.deepEqual(json, [multithread, multiprocess, runOnce, [1, 0], 'CGI/1.1']);
    },
  }),
  scenario({
    id: 'A-310.dict',
    name: "is as Python's dict: nothing inherited, open to change",
    app: () =>
      report((seen) => [
        'toString' in seen,
        '__proto__' in seen,
        Object.prototype.toString.call(seen),
        Object.isExtensible(seen) && !Object.isFrozen(seen),
        Object.keys({ ...seen }).length === Object.keys(seen).length,
      ]),
    check: ({ json }) => assert.deepEqual(json, [false, false, '[object Object]', true, true]),
  }),
];
