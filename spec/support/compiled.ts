/** TypeScript of the specs as JavaScript, for processes that should start as fast as they would in use. */
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, scriptOf } from './source.js';
import { temporaryFolder } from './temporary-folder.js';

/**
 * Compiles a file, and what it imports, unless all are compiled. @param file from the root of the project. @returns the
 * path of its JavaScript.
 */
export function compile(file: string): string {
  const compiled = scriptOf(`../../${file}`, import.meta.url);
  if (compiled.endsWith('.js')) return compiled;
  const folder = temporaryFolder({
    'package.json': readFileSync(join(ROOT, 'package.json'), 'utf8'),
    'tsconfig.json': JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        noCheck: true,
        rootDir: ROOT,
        outDir: 'out',
        typeRoots: [join(ROOT, 'node_modules', '@types')],
      },
      files: [join(ROOT, file)],
      // Which of these it imports, it finds out when it runs.
      include: [join(ROOT, 'lib', 'conformance', 'scenarios')],
    }),
  });
  for (const name of ['node_modules', 'dist']) symlinkSync(join(ROOT, name), join(folder, name), 'junction');
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tsc failed: ${stdout}${stderr}`);
  return join(folder, 'out', file.replace(/\.ts$/, '.js'));
}
