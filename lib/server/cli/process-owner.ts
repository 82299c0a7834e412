/** `--user` and `--group`: who the process becomes once it listens, as an ordinary user may not use ports below 1024. */
import { execFileSync } from 'node:child_process';
import { lchownSync, lstatSync, readFileSync } from 'node:fs';
import { ConfigError } from '../../errors.js';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
  /** The supplementary groups are his; undefined: only the group itself. */
  readonly name: string | undefined;
}

/**
 * Who the options name; undefined if nobody, or who runs the process already.
 * @throws ConfigError for a name that is not known, or if the process may not become another user.
 */
export function findOwner(
  user: string | number | undefined,
  group: string | number | undefined,
): Owner | undefined {
  if (user === undefined && group === undefined) return undefined;
  const { geteuid, getegid } = process;
  if (geteuid === undefined || getegid === undefined) {
    throw new ConfigError('This system has no --user and --group: leave them out');
  }
  const found = user === undefined ? undefined : findUser(user);
  const gid = group === undefined ? found?.gid : findGroup(group);
  if (gid === undefined) {
    throw new ConfigError(
      `There is no user with the number ${user}, whose group could be taken: give --group as well`,
    );
  }
  const owner = { uid: found?.uid ?? geteuid(), gid, name: found?.name };
  if (geteuid() === 0) return owner;
  if (owner.uid === geteuid() && owner.gid === getegid()) return undefined;
  throw new ConfigError(
    `Only root can become another user or group (--${user === undefined ? 'group' : 'user'}): start the process as root, or as ${user ?? group} without the option`,
  );
}

/** Gives files of this process away, so that their owner can open them again and change them. Others stay as they are. */
export function giveFiles(paths: readonly (string | undefined)[], { uid, gid }: Owner): void {
  for (const path of paths) {
    if (path === undefined || path === '-') continue;
    try {
      const stats = lstatSync(path);
      // A log may be a device, and a link somebody else's file.
      if (stats.isFile() || stats.isSocket()) lchownSync(path, uid, gid);
    } catch (error) {
      throw new ConfigError(
        `Cannot give ${path} to user ${uid} and group ${gid}: ${(error as Error).message}`,
      );
    }
  }
}

/** Not in the types. */
type InitGroups = { initgroups?(user: string, extraGroup: number): void };

/** There is no way back. @throws ConfigError */
export function becomeOwner({ uid, gid, name }: Owner): void {
  try {
    // In this order: a user other than root cannot change groups.
    if (name === undefined) process.setgroups?.([gid]);
    else (process as InitGroups).initgroups?.(name, gid);
    process.setgid?.(gid);
    process.setuid?.(uid);
  } catch (error) {
    throw new ConfigError(`Cannot become user ${uid} and group ${gid}: ${(error as Error).message}`);
  }
}

/** name, password, uid, gid, … (passwd(5)). */
function findUser(user: string | number): { uid: number; gid: number | undefined; name: string | undefined } {
  const [name, , uid, gid] = entryOf('passwd', user) ?? [];
  if (name !== undefined) return { uid: Number(uid), gid: Number(gid), name };
  if (typeof user === 'number') return { uid: user, gid: undefined, name: undefined };
  throw new ConfigError(`There is no user ${user} (--user)`);
}

/** name, password, gid, members (group(5)). */
function findGroup(group: string | number): number {
  const gid = entryOf('group', group)?.[2];
  if (gid !== undefined) return Number(gid);
  if (typeof group === 'number') return group;
  throw new ConfigError(`There is no group ${group} (--group)`);
}

/** A line of /etc/passwd or /etc/group, or of what else the system takes them from (LDAP, for example). */
function entryOf(table: 'passwd' | 'group', key: string | number): string[] | undefined {
  const column = typeof key === 'number' ? 2 : 0;
  const find = (text: string) =>
    text
      .split('\n')
      .map((line) => line.split(':'))
      .find((fields) => fields[column] === String(key));
  try {
    const found = find(readFileSync(`/etc/${table}`, 'utf8'));
    if (found !== undefined) return found;
    return find(
      execFileSync('getent', [table, String(key)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch {
    // It is not known there either, or there is no getent.
    return undefined;
  }
}
