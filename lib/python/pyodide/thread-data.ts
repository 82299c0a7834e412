/** What a thread of Pyodide is told when it starts. */

import type { LineMemory } from './line.js';
import type { PyodidePackage } from './runtime.js';
import type { SnapshotPlan } from './snapshot.js';

export interface PyodideThreadData {
  readonly memory: LineMemory;
  readonly pyodide: PyodidePackage;
  readonly snapshot: SnapshotPlan | undefined;
  readonly chdir: string;
  /** For Python: pyodide_host.py. */
  readonly config: string;
}
