/** What was built, on each Node, as a folder of node_modules; package.spec.ts packs and installs it, once. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { command, expectServes, readmeBlock } from './support/package.js';
import { ROOT } from './support/source.js';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-folder.js';

describe('the package on this Node', function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = temporaryFolder({
      'package.json': '{ "private": true }',
      'app.mjs': readmeBlock('app.mjs'),
      'serve.mjs': readmeBlock('serve.mjs').replace('port: 8000', 'port: 0'),
    });
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules', 'wsgi'), 'junction');
  });

  after(removeTemporaryFolders);

  it('serves the application of the README', async () => {
    await expectServes(process.execPath, ['serve.mjs'], folder);
  });

  it('has a command, which serves it too', async () => {
    const cli = join(folder, 'node_modules', 'wsgi', 'dist', 'bin.js');
    await expectServes(process.execPath, [cli, 'app.mjs:app', '--bind', '127.0.0.1:0'], folder);
  });

  it('exports what can be constructed, and nothing of which a gateway makes the instances', () => {
    const code = "import * as wsgi from 'wsgi'; console.log(Object.keys(wsgi).join());";
    const names = command(process.execPath, ['--input-type=module', '--eval', code], folder)
      .trim()
      .split(',');
    expect(names).to.include.members(['WSocketApp', 'WebSocketError', 'WsgiError', 'makeServer', 'run']);
    for (const name of ['WebSocket', 'BlockingWebSocket', 'Server', 'Logger'])
      expect(names).not.to.include(name);
  });

  it('has modules of the standard library of Python', () => {
    const code = `import { parse_qs, urlsplit } from 'wsgi/stdlib/urllib/parse';
import { urllib } from 'wsgi/stdlib';
console.log(parse_qs('a=1').get('a')[0], urlsplit('//H/').hostname, urllib.parse.quote('é'));`;
    const told = command(process.execPath, ['--input-type=module', '--eval', code], folder);
    expect(told).to.equal('1 h %C3%A9\n');
  });
});
