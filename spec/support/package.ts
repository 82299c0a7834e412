/** The package as its README shows it, and commands that run it. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './source.js';

/** The code of README.md that begins with the name of its file. */
export function readmeBlock(file: string): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const block = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].find((match) =>
    match[1]?.startsWith(`// ${file}\n`),
  );
  if (block?.[1] === undefined) throw new Error(`README.md has no ${file}`);
  return block[1];
}

/** Runs it to its end. @returns its standard output. @throws Error if it fails. */
export function command(name: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(name, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} failed with ${status}\n${stderr}${stdout}`);
  return stdout;
}

/** Starts it, requests the address that it prints, and ends it. */
export async function expectServes(name: string, args: readonly string[], cwd: string): Promise<void> {
  const { PORT: _unset, ...env } = process.env;
  // A group of its own, for npx starts the command as a child.
  const child = spawn(name, args, { cwd, env, detached: true });
  try {
    const address = await new Promise<string>((resolve, reject) => {
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          const found = /Server started at (\S+)/.exec(output)?.[1];
          if (found !== undefined) resolve(found);
        });
      }
      child.on('error', reject);
      child.on('close', (code) => reject(new Error(`It ended with ${code}: ${output}`)));
    });
    const response = await fetch(`${address}/caf%C3%A9`);
    expect(await response.text()).to.equal('Hello from /café\n');
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  }
}
