/**
 * Groups of modules for `build.ts`. esbuild makes a chunk of the modules that the same entries reach, which are many
 * small chunks with as many entries as here, and Node takes a millisecond or more for each file. So for all that the
 * main entries load, only these count: a module from outside gets the whole group of the one that it imports.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

/** In place of a module, for those outside of its group. */
const MODULE = 'module-of-group';
const GROUP = 'group';

/** @param entries all of them. @param main those that decide, from the root of the project. */
export async function groupModules(entries: readonly string[], main: readonly string[]): Promise<Plugin> {
  const groups = groupsOf(await graphOf([...entries, ...main]), main);
  const members = new Map<string, string[]>();
  for (const [path, group] of groups) members.set(group, [...(members.get(group) ?? []), path]);
  return {
    name: 'groups',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(?:\.|lib\/|group:)/ }, ({ path, importer, resolveDir }) => {
        if (path.startsWith('group:')) return { path: path.slice('group:'.length), namespace: GROUP };
        const file = resolve(resolveDir, path.replace(/\.js$/, '.ts'));
        const group = groups.get(file);
        const outside = importer === '' || groups.get(importer) !== group;
        return { path: file, namespace: group !== undefined && outside ? MODULE : 'file' };
      });
      onLoad({ filter: /./, namespace: MODULE }, ({ path }) => {
        // A command begins with the line that says what runs it.
        const hashbang = /^#!.*\n/.exec(readFileSync(path, 'utf8'))?.[0] ?? '';
        const group = JSON.stringify(`group:${groups.get(path)}`);
        const contents = `${hashbang}import ${group};\nexport * from ${JSON.stringify(path)};`;
        return { contents, resolveDir: dirname(path) };
      });
      onLoad({ filter: /./, namespace: GROUP }, ({ path }) => ({
        contents: (members.get(path) ?? []).map((file) => `import ${JSON.stringify(file)};`).join('\n'),
        resolveDir: '/',
      }));
    },
  };
}

type Graph = Metafile['inputs'];

async function graphOf(entryPoints: readonly string[]): Promise<Graph> {
  const { metafile } = await build({
    entryPoints: [...new Set(entryPoints)],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outdir: 'dist',
    write: false,
    metafile: true,
  });
  return metafile.inputs;
}

/** The group of each module, by its absolute path, in the order in which they are evaluated. */
function groupsOf(graph: Graph, main: readonly string[]): Map<string, string> {
  const places = new Map<string, string>();
  for (const [place, entry] of main.entries()) {
    const visit = (path: string, seen: Set<string>) => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const { path: imported, kind, external } of graph[path]?.imports ?? [])
        if (kind === 'import-statement' && !external) visit(imported, seen);
      places.set(path, `${places.get(path) ?? ''}.${place}`);
    };
    visit(entry, new Set());
  }
  return new Map([...places].map(([path, group]) => [resolve(path), group]));
}
