/** lib/util/path.ts: `wsgiref.util.shift_path_info` (CONFORMANCE D-005). */
import { expect } from 'chai';
import type { Environ } from '../../lib/environ/types.js';
import { shiftPathInfo } from '../../lib/util/wsgiref-util.js';

/** From CPython's test_wsgiref, and run there. */
const CASES: [id: string, script: string, path: string, name: string | null, script: string, path: string][] =
  [
    ['D-T01', '', '/', '', '/', ''],
    ['D-T02', '', '/x', 'x', '/x', ''],
    ['D-T03', '/', '', null, '/', ''],
    ['D-T04', '/a', '/x/y', 'x', '/a/x', '/y'],
    ['D-T05', '/a', '/x/', 'x', '/a/x', '/'],
    ['D-T06', '/a/b', '/../y', '..', '/a', '/y'],
    ['D-T07', '', '/../y', '..', '', '/y'],
    ['D-T08', '/a/b', '//y', 'y', '/a/b/y', ''],
    ['D-T09', '/a/b', '//y/', 'y', '/a/b/y', '/'],
    ['D-T10', '/a/b', '/./y', 'y', '/a/b/y', ''],
    ['D-T11', '/a/b', '/./y/', 'y', '/a/b/y', '/'],
    ['D-T12', '/a/b', '///./..//y/.//', '..', '/a', '/y/'],
    ['D-T13', '/a/b', '///', '', '/a/b/', ''],
    ['D-T14', '/a/b', '/.//', '', '/a/b/', ''],
    ['D-T15', '/a/b', '/x//', 'x', '/a/b/x', '/'],
    ['D-T16', '/a/b', '/.', null, '/a/b', ''],
    ['D-T17', '/s', '/a/..', 'a', '/s/a', '/..'],
    ['a last .. at the root', '', '/..', '..', '', ''],
    ['a last . after a name', '', '/x/.', 'x', '/x', '/.'],
    ['a name of dots', '', '/.../x', '...', '/...', '/x'],
    ['a native string', '', '/caf\xc3\xa9/x', 'caf\xc3\xa9', '/caf\xc3\xa9', '/x'],
    ['SCRIPT_NAME as a lone slash', '/', '/x', 'x', '/x', ''],
    ['the path of OPTIONS *', '/a', '*', null, '/a', '*'],
  ];

describe('shiftPathInfo', () => {
  for (const [id, script, path, name, newScript, newPath] of CASES) {
    it(`${id}: takes ${JSON.stringify(name)} from '${script}' + '${path}'`, () => {
      const environ = { SCRIPT_NAME: script, PATH_INFO: path };
      expect(shiftPathInfo(environ)).to.equal(name);
      expect(environ).to.deep.equal({ SCRIPT_NAME: newScript, PATH_INFO: newPath });
    });
  }

  it('walks a path to its end', () => {
    const environ = { SCRIPT_NAME: '', PATH_INFO: '/a//b/./c/' };
    const names = Array.from({ length: 6 }, () => shiftPathInfo(environ));
    expect(names).to.deep.equal(['a', 'b', 'c', '', null, null]);
    expect(environ).to.deep.equal({ SCRIPT_NAME: '/a/b/c/', PATH_INFO: '' });
  });

  it('takes a missing key, undefined and null for an empty string', () => {
    expect(shiftPathInfo({})).to.equal(null);
    expect(shiftPathInfo({ PATH_INFO: null })).to.equal(null);
    const environ: Record<string, unknown> = { SCRIPT_NAME: undefined, PATH_INFO: '/x' };
    expect(shiftPathInfo(environ)).to.equal('x');
    expect(environ['SCRIPT_NAME']).to.equal('/x');
  });

  it('leaves the environ alone when there is nothing to take', () => {
    const environ = {};
    shiftPathInfo(environ);
    expect(environ).to.deep.equal({});
  });

  it('takes an environ of the gateway, and other keys stay', () => {
    const environ = Object.assign(Object.create(null), { PATH_INFO: '/x', QUERY_STRING: 'q' }) as Environ;
    expect(shiftPathInfo(environ)).to.equal('x');
    expect({ ...environ }).to.deep.equal({ SCRIPT_NAME: '/x', PATH_INFO: '', QUERY_STRING: 'q' });
  });

  it('refuses what is not a path', () => {
    expect(() => shiftPathInfo({ PATH_INFO: 'x' })).to.throw(
      TypeError,
      'PATH_INFO must begin with a slash: "x"',
    );
    expect(() => shiftPathInfo({ PATH_INFO: 5 })).to.throw(
      TypeError,
      'PATH_INFO of environ must be a string, not 5',
    );
  });
});
