/** Where the temporary files of forms are, and how they are made: the same wherever a form is read. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/** 'wx': never through a link that somebody else put there. */
export const UPLOAD_FLAGS = 'wx';
/** For this user only. */
export const UPLOAD_MODE = 0o600;

/** A name that nobody can guess. */
export function uploadPath(folder: string): string {
  return join(folder, `upload-${randomUUID()}`);
}
