/** A folder with files that may be served, and some beside it that may not, for the specs of sharedData. */
import { symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Application } from '../../lib/environ/types.js';
import { type SharedDataOptions, sharedData } from '../../lib/middleware/index.js';
import { answering, call, type Exchange, environOf } from '../support/call.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** What gets the requests that no file answers. */
export const APP = answering('404 Not Found', 'app');
/** When `a.txt` was. */
export const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';

function makeTree(): string {
  const folder = temporaryFolder({
    'secret.txt': 'secret',
    'public/a.txt': '0123456789',
    'public/empty.txt': '',
    'public/a..b.txt': 'dots',
    'public/.hidden': 'hidden',
    'public/.git/config': 'hidden',
    'public/café.html': '<p>',
    'public/unknown.xyz': 'x',
    'public/docs/index.html': 'index',
    'public/bare/x.json': '{}',
  });
  utimesSync(join(folder, 'public/a.txt'), 784_111_777, 784_111_777.25);
  symlinkSync('../secret.txt', join(folder, 'public/out.txt'));
  symlinkSync('..', join(folder, 'public/up'));
  symlinkSync('a.txt', join(folder, 'public/in.txt'));
  return folder;
}

export class SharedSite {
  folder = '';

  create(): void {
    this.folder = makeTree();
  }

  remove(): void {
    removeTemporaryFolders();
  }

  /** The folder `public` below `/static`, and one file outside of it as `/one`. */
  app(options?: SharedDataOptions, app: Application = APP): Application {
    const exports = { '/static': join(this.folder, 'public'), '/one': join(this.folder, 'secret.txt') };
    return sharedData(app, exports, options);
  }

  get(path: string, headers: Record<string, string> = {}, options?: SharedDataOptions): Promise<Exchange> {
    return call(this.app(options), environOf({ PATH_INFO: path, ...headers }));
  }
}
