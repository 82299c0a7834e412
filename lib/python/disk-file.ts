/** A file that Python has open, read by the gateway: the bytes do not pass through Python. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FileWrapper } from '../environ/file/file-wrapper.js';

/** As files.py tells it. */
export interface ToldFile {
  readonly descriptor: number;
  readonly position: number;
  readonly size: number;
  /** Decimal: they may be larger than a number holds. */
  readonly device: string;
  readonly inode: string;
  readonly path: string | null;
}

/**
 * The rest of the file, from where Python has read to.
 * @param again a path of the same open file, where the system has one.
 * @returns undefined where the file cannot be found any more: Python then reads it.
 */
export async function diskFile(told: ToldFile, again: string | undefined): Promise<FileWrapper | undefined> {
  for (const path of [again, told.path ?? undefined]) {
    const handle = path === undefined ? undefined : await openSame(path, told);
    if (handle === undefined) continue;
    if (told.position === 0) return new FileWrapper(handle);
    return new FileWrapper(createReadStream('', { fd: handle, start: told.position }));
  }
  return undefined;
}

/** A name may be that of another file by now. */
async function openSame(path: string, told: ToldFile): Promise<FileHandle | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { dev, ino } = await handle.stat({ bigint: true });
    if (String(dev) === told.device && String(ino) === told.inode) return handle;
  } catch {
    // It was removed, or belongs to somebody else.
  }
  await handle?.close();
  return undefined;
}
