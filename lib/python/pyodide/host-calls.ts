/** What Python in a thread of Pyodide asks of Node: which file of the host it has open, the umask, and functions of OpenSSL. */
import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { umask } from './host-folders.js';
import type { FileSystem } from './runtime.js';

interface Derivation {
  readonly digest: string;
  readonly iterations: number;
  readonly size: number;
}

export class HostCalls {
  readonly #files: FileSystem;

  constructor(files: FileSystem) {
    this.#files = files;
  }

  /** Descriptor, device and inode of a file on the host; undefined where it is in the memory of Pyodide. */
  readonly identify = (descriptor: number): string | undefined => {
    try {
      const nfd = this.#files.getStream?.(descriptor)?.nfd;
      if (nfd === undefined) return undefined;
      const { dev, ino } = fstatSync(nfd, { bigint: true });
      return `${nfd} ${dev} ${ino}`;
    } catch {
      return undefined;
    }
  };

  readonly umask = umask;

  /** Key derivation. In hexadecimal; or a space and why it failed. */
  readonly derive = (kind: string, password: string, salt: string, told: string): string => {
    try {
      const { digest, iterations, size, ...options } = JSON.parse(told) as Derivation;
      const [key, with_] = [Buffer.from(password, 'hex'), Buffer.from(salt, 'hex')];
      const derived =
        kind === 'scrypt'
          ? scryptSync(key, with_, size, options)
          : pbkdf2Sync(key, with_, iterations, size, digest);
      return derived.toString('hex');
    } catch (error) {
      return ` ${(error as Error).message}`;
    }
  };
}
