/** Slashes at the end of a mount point mean nothing: SCRIPT_NAME has none (RFC 3875 section 4.1.13). */

/** By hand: an expression is quadratic in the slashes that are not at the end. */
export function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}
