/** The code in the documents: what stands alone runs as it stands there. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { transformSync } from 'rolldown/utils';
import { Command, killCommands } from './support/command.js';
import { ALONE, BLOCKS, fileOf, folderOfBlocks } from './support/document-blocks.js';
import { ROOT } from './support/source.js';
import { removeTemporaryFolders } from './support/temporary-folder.js';

const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

/** Blocks listen where they say, 8080 as a rule; here each gets a free port, for another may have that one. */
const FREE_PORTS = `const { Server } = require('node:net');
const { listen } = Server.prototype;
Server.prototype.listen = function (first, ...rest) {
  if (typeof first === 'number') return listen.call(this, 0, ...rest);
  return listen.call(this, typeof first?.port === 'number' ? { ...first, port: 0 } : first, ...rest);
};
`;

describe('the code in the documents', function () {
  this.timeout(60_000);
  let folder = '';

  before(() => {
    folder = folderOfBlocks({ 'spec/free-ports.cjs': FREE_PORTS });
    mkdirSync(join(folder, 'out'));
    for (const name of ALONE.map(fileOf)) {
      // documents-types.spec.ts checks the types that this takes off.
      const text = readFileSync(join(folder, name), 'utf8');
      const { code, errors } = transformSync(name, text, { lang: 'ts', tsconfig: false });
      expect(errors).to.deep.equal([]);
      writeFileSync(join(folder, 'out', name.replace(/\.ts$/, '.js')), code);
    }
  });
  afterEach(killCommands);
  after(removeTemporaryFolders);

  it('is found, in every document that has some', () => {
    expect(BLOCKS.length).to.be.above(60);
    expect(ALONE.map(({ place }) => place.replace(/:.*/, ''))).to.include.members([
      'README.md',
      'PORTING.md',
      'docs/cgi.md',
      'docs/options.md',
      'docs/stdlib.md',
      'docs/testing.md',
      'docs/validator.md',
      'docs/wsgiref.md',
    ]);
  });

  for (const [i, block] of ALONE.entries()) {
    const name = fileOf(block, i);
    const isConfig = name.endsWith('.config.mjs');
    it(`runs: ${block.place}`, async () => {
      if (/^conformance\(/m.test(block.code)) {
        // One of its tests: the conformance suite has specs of its own.
        const grep = ['--no-config', '-g', 'A-001'];
        const { status, stdout } = spawnSync(process.execPath, [MOCHA, ...grep, `out/${name}`], {
          cwd: folder,
          encoding: 'utf8',
        });
        expect(stdout).to.match(/[1-9]\d* passing/);
        expect(status).to.equal(0);
        return;
      }
      const script = isConfig
        ? join(ROOT, 'dist', 'bin.js')
        : join(folder, 'out', name.replace(/\.ts$/, '.js'));
      const cgi = { REQUEST_METHOD: 'GET', PATH_INFO: '/', SERVER_PROTOCOL: 'HTTP/1.1' };
      const env = {
        NODE_OPTIONS: `--require=${join(folder, 'spec', 'free-ports.cjs')}`,
        ...(block.code.includes('runCgi(') ? cgi : {}),
      };
      const listens = /\brun\(|serveForever|wsgiApp/.test(block.code);
      const args = isConfig ? ['-c', name, '-b', '127.0.0.1:0'] : [];
      const command = new Command(args, { cwd: folder, script, plain: true, env });
      if (!listens) {
        expect(await command.exit(), command.stderr).to.equal(0);
        return;
      }
      const [, url = ''] = await command.says(/(?:Server started|Serving) at (http:\/\/[\d.:]+)/);
      expect((await fetch(url)).status).to.be.oneOf([200, 400]);
      command.child.kill('SIGTERM');
    });
  }
});
