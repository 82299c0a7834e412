/** Programs that Debian has packages of; where one is not installed its specs are skipped, but not in CI. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian has some where the PATH of a user does not lead. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** For `before`: after this call the program is there. */
export function requireProgram(name: string, hook: Mocha.Context): void {
  if (findProgram(name) !== undefined) return;
  const complaint = `${name} is not installed`;
  if (process.env['CI']) throw new Error(complaint);
  console.log(`    skipped: ${complaint}`);
  hook.skip();
}
