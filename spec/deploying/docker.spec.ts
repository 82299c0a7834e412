/** The Dockerfile of docs/deploying.md. Docker does not run here: its file is read, and its commands are run beside it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { freePort } from '../../lib/porting/compare/target/start-server.js';
import { Command, killCommands } from '../support/command.js';
import { fileOfPage, withPlaces } from '../support/page-file.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { optionsOf, PAGE, project } from './support.js';

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** Seconds: Docker's own, for `docker stop`. */
const STOP_S = 10;

/** What a file may use of the Dockerfile reference. */
const KNOWN = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'CMD'];

function stagesOf(file: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of file.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const { name = '', rest = '' } = /^(?<name>[A-Z]+) (?<rest>.+)$/.exec(line)?.groups ?? {};
    expect(KNOWN, line).to.include(name);
    if (name === 'FROM') {
      const [, image = '', stage] = /^(\S+)(?: AS (\w+))?$/.exec(rest) ?? [];
      stages.push({ image, name: stage, instructions: [] });
    } else stages.at(-1)?.instructions.push({ name, rest });
  }
  return stages;
}

/** The one instruction of this name. */
function only({ instructions }: Stage, name: string): string {
  const found = instructions.filter((one) => one.name === name);
  expect(found, name).to.have.length(1);
  return found[0]?.rest ?? '';
}

/** Of the form that starts no shell: a list in JSON. */
function words(text: string): string[] {
  const list: unknown = JSON.parse(text.replace(/^.*?CMD (?=\[)/, ''));
  if (!Array.isArray(list) || !list.every((word) => typeof word === 'string')) throw new Error(text);
  return list;
}

describe('the Dockerfile', () => {
  const file = fileOfPage(PAGE, 'Dockerfile');
  const stages = stagesOf(file);
  const last = stages.at(-1) as Stage;

  it('builds in one stage, and takes from it what the other runs', () => {
    expect(stages).to.have.length(2);
    expect(stages[0]?.image).to.equal(last.image);
    const from = last.instructions.filter(({ name }) => name === 'COPY').map(({ rest }) => rest);
    expect(from).to.deep.equal([`--from=${stages[0]?.name} /app ./`]);
    expect(only(last, 'WORKDIR')).to.equal('/app');
    expect(fileOfPage(PAGE, '.dockerignore').split('\n')).to.include('node_modules');
  });

  it('does not run as root', () => {
    expect(only(last, 'USER')).to.equal('node');
    const names = last.instructions.map(({ name }) => name);
    expect(names.indexOf('USER')).to.be.above(names.indexOf('COPY')).and.below(names.indexOf('CMD'));
  });

  it('listens where clients come, and stops before Docker kills it', () => {
    const [node, script, ...rest] = words(only(last, 'CMD'));
    expect([node, script]).to.deep.equal(['node', 'node_modules/wsgi/dist/bin.js']);
    const { bind, gracefulTimeout = 30 } = optionsOf(rest);
    expect(bind).to.equal(`:${only(last, 'EXPOSE')}`);
    expect(gracefulTimeout).to.be.at.most(STOP_S - 2);
  });

  describe('starts a process that', () => {
    const [, script = '', ...rest] = words(only(last, 'CMD'));
    let folder = '';
    let command: Command;
    let port = 0;

    before(async function () {
      if (process.platform === 'win32') this.skip();
      folder = project();
      port = await freePort();
      const args = rest.map((word) => (word === ':8000' ? `127.0.0.1:${port}` : word));
      const env = Object.fromEntries([only(last, 'ENV').split('=') as [string, string]]);
      command = new Command(args, { cwd: folder, script: `${folder}/${script}`, plain: true, env });
      await command.address();
    });
    after(async () => {
      await killCommands();
      removeTemporaryFolders();
    });

    it('is healthy', async () => {
      const check = withPlaces(only(last, 'HEALTHCHECK'), [['127.0.0.1:8000', `127.0.0.1:${port}`]]);
      const [, ...args] = words(check);
      const probe = spawn(process.execPath, args, { cwd: folder });
      expect(await once(probe, 'exit')).to.deep.equal([0, null]);
      const unused = withPlaces(check, [[`127.0.0.1:${port}`, `127.0.0.1:${await freePort()}`]]);
      expect(spawnSync(process.execPath, words(unused).slice(1)).status).not.to.equal(0);
    });

    it('serves the application', async () => {
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.equal('the site');
    });

    it('ends when Docker sends it SIGTERM', async () => {
      command.child.kill('SIGTERM');
      expect(await command.exit(), command.stderr).to.equal(0);
    });
  });
});
