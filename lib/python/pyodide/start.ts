/** Starts Python in WebAssembly: from a snapshot if there is one that fits, and makes the next one. */
import { GATEWAY_FOLDER, mountHost } from './host-folders.js';
import {
  type EmscriptenModule,
  importEmscripten,
  importPyodide,
  type LoadOptions,
  type PyCallable,
  type Pyodide,
  type PyodidePackage,
} from './runtime.js';
import {
  chooseSnapshot,
  dropSnapshot,
  keepNote,
  keepSnapshot,
  nameOf,
  type PackageNote,
  type SnapshotPlan,
  type StartSnapshot,
} from './snapshot.js';
import { type Env, plainOf } from './snapshot-env.js';

/** Words of a snapshot before the memory: the second says how many bytes. */
const OFFSET_AT = 4;
/** Pyodide grows its memory by itself when this much is asked for often enough. */
const PIECE = 1024 * 1024;

/** What all threads of a pool are told when they begin. */
export interface PyodideStart {
  readonly pyodide: PyodidePackage;
  readonly snapshot: SnapshotPlan | undefined;
  readonly chdir: string;
  /** For Python: pyodide_host.py. */
  readonly config: string;
}

export interface Started {
  readonly pyodide: Pyodide;
  /** For what the application has imported from packages, where snapshots are made. */
  readonly note: ((modules: readonly string[]) => void) | undefined;
}

/** @param packages folders where packages are installed. */
export async function startPython(
  found: PyodidePackage,
  plan: SnapshotPlan | undefined,
  env: Env,
  packages: readonly string[],
  hasConnections: boolean,
): Promise<Started> {
  let choice = plan === undefined ? undefined : chooseSnapshot(plan, env);
  let pyodide: Pyodide;
  try {
    pyodide = await load(found, choice);
  } catch (error) {
    if (plan === undefined || choice?.name === undefined) throw error;
    // Cut short, or of another build: it would fail again.
    dropSnapshot(plan, choice.name);
    choice = undefined;
    pyodide = await load(found, choice);
  }
  mountHost(pyodide.FS);
  if (plan !== undefined && choice?.make === 'packages' && choice.note !== undefined) {
    const fits = makeWithPackages(pyodide, plan, choice.note, env, packages, hasConnections);
    if (!fits) {
      // They have seen another environment than the application has.
      pyodide = await load(found, { ...choice, make: undefined });
      mountHost(pyodide.FS);
    }
  } else if (choice?.bytes === undefined) {
    prepare(pyodide, { modules: [], packages: [], env: {}, connections: hasConnections });
    if (plan !== undefined && choice?.make === 'base') keep(pyodide, plan, plan.base);
  }
  if (plan?.packages === undefined) return { pyodide, note: undefined };
  const known = new Set(choice?.note?.modules);
  const note = (modules: readonly string[]) => {
    const isNew = choice?.note === undefined || modules.some((module) => !known.has(module));
    if (isNew) keepNote(plan, { modules });
  };
  return { pyodide, note };
}

async function load(found: PyodidePackage, choice: StartSnapshot | undefined): Promise<Pyodide> {
  const { loadPyodide } = await importPyodide(found);
  const options: LoadOptions = {
    indexURL: `${found.folder}/`,
    env: { HOME: '/' },
    ...(choice?.make !== undefined && { _makeSnapshot: true }),
  };
  const bytes = choice?.bytes;
  if (bytes === undefined) return loadPyodide(options);
  const create = await importEmscripten(found);
  const createPyodideModule = async (settings: unknown) => withRoom(await create(settings), bytes);
  const pyodide = await loadPyodide({ ...options, _loadSnapshot: bytes, createPyodideModule });
  // It would keep them for as long as it runs.
  Object.assign(pyodide._api?.config ?? {}, { _loadSnapshot: undefined, createPyodideModule: undefined });
  return pyodide;
}

/** Python had grown when it was saved: its memory is copied into one that has to have room for it. */
function withRoom(module: EmscriptenModule, snapshot: Buffer): EmscriptenModule {
  const size = snapshot.length - snapshot.readUInt32LE(OFFSET_AT);
  const pieces: number[] = [];
  while ((module.HEAPU8?.length ?? size) < size) {
    const piece = module._malloc?.(PIECE) ?? 0;
    if (piece === 0) break;
    pieces.push(piece);
  }
  for (const piece of pieces) module._free?.(piece);
  return module;
}

/**
 * Imports packages, and makes a snapshot with them.
 * @returns whether they have seen what is in force here: a snapshot is made only then.
 */
function makeWithPackages(
  pyodide: Pyodide,
  plan: SnapshotPlan,
  note: PackageNote,
  env: Env,
  packages: readonly string[],
  connections: boolean,
): boolean {
  const found = prepare(pyodide, { modules: note.modules, packages, env: plainOf(env), connections });
  // Which they look for may depend on the values of others.
  const variables = [...new Set([...(note.variables ?? []), ...found])].sort();
  const name = nameOf(plan, variables, env);
  if (name === undefined || keep(pyodide, plan, name)) keepNote(plan, { ...note, variables });
  return name !== undefined;
}

/** @returns whether there was something to keep: a Pyodide without it is as good, only slower to start. */
function keep(pyodide: Pyodide, plan: SnapshotPlan, name: string): boolean {
  const bytes = pyodide.makeMemorySnapshot?.();
  if (bytes === undefined) return false;
  keepSnapshot(plan, name, bytes);
  return true;
}

/** For pyodide_snapshot.py. */
interface Preparation {
  readonly modules: readonly string[];
  /** Folders that they are in. */
  readonly packages: readonly string[];
  /** What they see of the environment. */
  readonly env: Env;
  readonly connections: boolean;
}

/** Imports the Python files of this package, and modules of packages. @returns variables that they looked for. */
function prepare(pyodide: Pyodide, told: Preparation): string[] {
  const run = pyodide.runPython(
    `import sys; sys.path.insert(0, '${GATEWAY_FOLDER}'); from wsgi_gateway.pyodide_snapshot import prepare; sys.path.remove('${GATEWAY_FOLDER}'); prepare`,
  ) as PyCallable;
  const variables = run(JSON.stringify(told)) as string;
  run.destroy();
  return JSON.parse(variables) as string[];
}
