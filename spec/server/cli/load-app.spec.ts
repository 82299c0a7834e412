/** MODULE:CALLABLE to an application, and what is said when there is none. */

import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { ConfigError } from '../../../lib/errors.js';
import { LoadError } from '../../../lib/server/cli/import-module.js';
import { loadApp, parseTarget } from '../../../lib/server/cli/load-app.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const APPS = fileURLToPath(new URL('../../apps', import.meta.url));

/** Applications here only need to be told apart: calling one gives its name. */
const named = (app: Application): unknown => Reflect.apply(app, undefined, []);

async function refusal(target: string, folder: string): Promise<ConfigError> {
  const error = await loadApp(target, folder).then(
    () => new Error('it was loaded'),
    (reason: Error) => reason,
  );
  expect(error).to.be.instanceOf(ConfigError);
  return error as ConfigError;
}

describe('loadApp', () => {
  afterEach(removeTemporaryFolders);

  const site = `
    export const app = () => 'app';
    export const application = () => 'application';
    export default () => 'default';
    class Site { name = 'site'; app() { return this.name; } static make(name) { return () => name; } }
    export const site = new Site();
    export const ns = { deep: { app: () => 'deep' }, Site };
    export const createApp = (...args) => () => JSON.stringify(args);
    export const later = async (name) => () => name;
    export const größe = () => 'größe';`;

  const found: [string, string][] = [
    ['site.mjs:app', 'app'],
    ['./site.mjs:app', 'app'],
    ['site:app', 'app'],
    ['site.mjs', 'application'],
    ['site.mjs:default', 'default'],
    ['site.mjs:ns.deep.app', 'deep'],
    ['site.mjs:site.app', 'site'],
    ['site.mjs:größe', 'größe'],
    ['site.mjs:createApp()', '[]'],
    ['site.mjs:createApp("x", 1, true, null)', '["x",1,true,null]'],
    [`site.mjs:createApp('it\\'s "x"', -1.5, [1], {"a": 2})`, `["it's \\"x\\"",-1.5,[1],{"a":2}]`],
    ['site.mjs:createApp("http://a:b/c)")', '["http://a:b/c)"]'],
    ['site.mjs:later("soon")', 'soon'],
    ['site.mjs:ns.Site.make("made")', 'made'],
    ['sub/inner.js', 'inner'],
    ['pkg', 'pkg'],
    ['pkg:other', 'other'],
    ['@scope/pkg/entry:app', 'scoped'],
  ];
  const tree = {
    'site.mjs': site,
    'sub/package.json': '{"type": "module"}',
    'sub/inner.js': 'export default () => "inner"',
    'node_modules/pkg/index.js': 'module.exports = () => "pkg"; module.exports.other = () => "other";',
    'node_modules/@scope/pkg/package.json': '{"exports": {"./entry": "./e.mjs"}}',
    'node_modules/@scope/pkg/e.mjs': 'export const app = () => "scoped"',
  };
  for (const [target, name] of found) {
    it(`finds ${target}`, async () => {
      expect(named(await loadApp(target, temporaryFolder(tree)))).to.equal(name);
    });
  }

  it('takes an absolute path', async () => {
    expect(named(await loadApp(`${temporaryFolder(tree)}/site.mjs:app`, '/'))).to.equal('app');
  });

  it('takes the default export when there is no application', async () => {
    const folder = temporaryFolder({ 'a.mjs': 'export default () => "default"; export const app = 1;' });
    expect(named(await loadApp('a.mjs', folder))).to.equal('default');
  });

  it('prefers a file to a package of its name', async () => {
    const folder = temporaryFolder({ ...tree, pkg: '', 'pkg.mjs': 'export default () => "file"' });
    expect(named(await loadApp('pkg.mjs', folder))).to.equal('file');
  });

  it('gives a function with fields of its own as it is', async () => {
    const folder = temporaryFolder({ 'a.mjs': 'export const app = Object.assign(() => 1, { routes: [] });' });
    expect(await loadApp('a.mjs:app', folder)).to.have.property('routes');
  });

  it('loads CommonJS, whose exports Node cannot see ahead', async () => {
    expect(await loadApp('common.cjs:app', APPS)).to.be.a('function');
  });

  it('loads TypeScript', async () => {
    expect(await loadApp('typed.ts:app', APPS)).to.be.a('function');
  });

  for (const type of ['module', 'commonjs']) {
    it(`loads the default export of TypeScript in a package of type ${type}`, async () => {
      const files = {
        'package.json': JSON.stringify({ type }),
        'a.ts': 'export default (): string => "typed"',
      };
      // In this tree, so that tsx is found.
      expect(named(await loadApp('a.ts', temporaryFolder(files, APPS)))).to.equal('typed');
    });
  }

  it('says what TypeScript needs where neither Node nor the folder can do it', async function () {
    if ('typescript' in process.features && process.features.typescript) this.skip();
    // A package of that name that is no loader hides one that a folder above may have.
    const none = { 'node_modules/tsx/package.json': '{"exports": {}}' };
    const folder = temporaryFolder({ ...none, 'a.ts': 'export const app = () => 1' });
    expect((await refusal('a.ts:app', folder)).message).to.equal(
      'a.ts is TypeScript, which needs: npm install --save-dev tsx, or use Node 22.18 or newer',
    );
  });

  const refused: [what: string, target: string, source: string, message: string | RegExp][] = [
    [
      'an unknown module',
      'none.mjs:app',
      '',
      /^There is no module none\.mjs: \/.*\/none\.mjs does not exist$/,
    ],
    [
      'a module as Python names it',
      'sub.inner:app',
      '',
      /^There is no module sub\.inner: .* does not exist\. A module is named by its path here, not with dots as in Python: write sub\/inner\.js$/,
    ],
    ['an unknown path', './none:app', '', /^There is no module \.\/none: \/.*\/none does not exist$/],
    [
      'a missing callable',
      'a.mjs:app',
      'export const b = 1, c = 2',
      'a.mjs does not export app: it exports b, c',
    ],
    [
      'a mistyped callable',
      'a.mjs:creatApp',
      'export const createApp = 1',
      'a.mjs does not export creatApp (did you mean createApp?): it exports createApp',
    ],
    ['a module that exports nothing', 'a.mjs:app', '', 'a.mjs does not export app: it exports nothing'],
    [
      'a module without a default',
      'a.mjs',
      'export const app = () => 1',
      'a.mjs exports neither application nor a default: it exports app',
    ],
    ['a missing attribute', 'a.mjs:ns.app', 'export const ns = {}', 'ns in a.mjs has no app'],
    ['an attribute of nothing', 'a.mjs:ns.app', 'export const ns = null', 'ns in a.mjs has no app'],
    ['a string', 'a.mjs:app', 'export const app = "x"', 'app in a.mjs must be a function, not a string'],
    ['undefined', 'a.mjs:app', 'export let app', 'app in a.mjs must be a function, not undefined'],
    ['null', 'a.mjs:app', 'export const app = null', 'app in a.mjs must be a function, not null'],
    ['an object', 'a.mjs:app', 'export const app = {}', 'app in a.mjs must be a function, not an object'],
    [
      'an instance',
      'a.mjs:app',
      'class Site {} export const app = new Site()',
      'app in a.mjs must be a function, not an object of type Site',
    ],
    [
      'a default that is none',
      'a.mjs',
      'export default 1',
      'The default export in a.mjs must be a function, not a number',
    ],
    [
      'a class',
      'a.mjs:App',
      'export class App {}',
      'App in a.mjs is a class, which must be called with new: name a function, or a factory that returns one',
    ],
    [
      'a class as factory',
      'a.mjs:App()',
      'export class App {}',
      'App in a.mjs is a class, which must be called with new: name a function, or a factory that returns one',
    ],
    [
      'a factory of nothing',
      'a.mjs:make()',
      'export const make = async () => {}',
      'What make() in a.mjs returned must be a function, not undefined',
    ],
    [
      'a factory that is none',
      'a.mjs:make()',
      'export const make = 1',
      'make in a.mjs must be a function, not a number',
    ],
    [
      'a missing import',
      'a.mjs:app',
      'import "./missing.mjs"',
      /^a\.mjs cannot be loaded: Cannot find module '.*missing\.mjs' imported from .*a\.mjs$/,
    ],
    [
      'a missing package',
      'a.mjs:app',
      'import "missing-package-of-this-spec"',
      /^a\.mjs cannot be loaded: Cannot find package 'missing-package-of-this-spec' imported from .*a\.mjs$/,
    ],
    ['a syntax error', 'a.mjs:app', '\n\nlet x = = 1', /^\/.*\/a\.mjs:3: Unexpected token '='$/],
    [
      'a syntax error in an import',
      'a.mjs:app',
      'import "./bad.mjs"; console.error("a must not run")',
      /^\/.*\/bad\.mjs:2: Unexpected token '='$/,
    ],
    [
      'an import of what is not exported',
      'a.mjs:app',
      '\nimport { nope } from "./good.mjs"',
      /^\/.*\/a\.mjs:2: The requested module '\.\/good\.mjs' does not provide an export named 'nope'$/,
    ],
    [
      'another kind of file',
      'a.json:app',
      '',
      'a.json is not a module: its name must end in one of .mjs .js .cjs .ts .mts .cts',
    ],
    ['a folder', '.:app', '', /^There is no module \.: /],
  ];
  for (const [what, target, source, message] of refused) {
    it(`refuses ${what} in one sentence`, async () => {
      const files = {
        'a.mjs': source,
        'a.json': '{}',
        'bad.mjs': '\nlet x = = 1',
        'good.mjs': 'export const a = 1',
      };
      const error = await refusal(target, temporaryFolder(files));
      if (typeof message === 'string') expect(error.message).to.equal(message);
      else expect(error.message).to.match(message);
    });
  }

  it('says where a syntax error in CommonJS is', async () => {
    const folder = temporaryFolder({ 'a.cjs': '\nlet x = = 1' });
    expect((await refusal('a.cjs', folder)).message).to.equal(`${folder}/a.cjs:2: Unexpected token '='`);
  });

  it('says where a syntax error in TypeScript is', async () => {
    // In this tree, so that tsx is found.
    const folder = temporaryFolder({ 'a.ts': '\nlet x: number = = 1' }, APPS);
    expect((await refusal('a.ts', folder)).message).to.match(/a\.ts:2: (Unexpected "="|.*)$/);
  });

  const thrown: [string, string, string, string][] = [
    ['while it is imported', 'a.mjs', 'throw new RangeError("oh")', 'a.mjs threw while it was loading'],
    ['as JSON.parse does', 'a.mjs', 'JSON.parse("{")', 'a.mjs threw while it was loading'],
    [
      'in a factory',
      'a.mjs:make()',
      'export function make() { throw new Error("oh") }',
      'make() in a.mjs threw',
    ],
    [
      'in an async factory',
      'a.mjs:make()',
      'export async function make() { throw 1 }',
      'make() in a.mjs threw',
    ],
  ];
  for (const [when, target, source, message] of thrown) {
    it(`keeps what the application throws ${when}`, async () => {
      const error = await refusal(target, temporaryFolder({ 'a.mjs': source }));
      expect(error).to.be.instanceOf(LoadError);
      expect(error.message).to.equal(message);
      expect(error.cause).not.to.equal(undefined);
    });
  }
});

describe('parseTarget', () => {
  it('takes drive letters for no colon of its own', () => {
    const target = { module: 'C:\\apps\\a.mjs', names: ['app'], args: undefined };
    expect(parseTarget('C:\\apps\\a.mjs:app')).to.deep.equal(target);
    expect(parseTarget('C:\\apps\\a.mjs')).to.deep.equal({ ...target, names: [] });
  });

  for (const target of [
    '',
    ':',
    ':app',
    'a.mjs:',
    'a.mjs:1x',
    'a.mjs:a.',
    'a.mjs:.a',
    'a.mjs:a b',
    'a.mjs:app(',
    'a:b:c',
  ]) {
    it(`refuses ${JSON.stringify(target)}`, () => {
      expect(() => parseTarget(target)).to.throw(
        ConfigError,
        `'${target}' does not name an application: write MODULE, MODULE:CALLABLE or MODULE:FACTORY(ARGUMENTS)`,
      );
    });
  }

  for (const args of ['x', 'a=1', '1,', ')(', 'None', "'a"]) {
    it(`refuses the arguments (${args})`, () => {
      expect(() => parseTarget(`a.mjs:f(${args})`)).to.throw(
        ConfigError,
        `The arguments of a factory must be literals such as "text", 1, true or null, not (${args})`,
      );
    });
  }
});
