/** The hashes of passwords that werkzeug stores, `scrypt:32768:8:1$SALT$HASH`: check_password_hash of werkzeug.security. */
import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const scryptAsync = promisify<string, string, number, object, Buffer>(scrypt);
const pbkdf2Async = promisify(pbkdf2);

/** True if it is the password of a stored hash; false for any other, and for a hash of a method that werkzeug does not write. */
export async function checkPasswordHash(stored: string, password: string): Promise<boolean> {
  const [, method = '', salt = '', hash = ''] = /^([^$]*)\$([^$]*)\$(.*)$/s.exec(stored) ?? [];
  const [name, ...args] = method.split(':');
  const theirs = Buffer.from(hash, 'hex');
  let mine: Buffer;
  if (name === 'scrypt') {
    const [N = 2 ** 15, r = 8, p = 1] = args.map(Number);
    mine = await scryptAsync(password, salt, 64, { N, r, p, maxmem: 132 * N * r * p });
  } else if (name === 'pbkdf2' && args.length === 2) {
    mine = await pbkdf2Async(password, salt, Number(args[1]), theirs.length, args[0] ?? '');
  } else {
    return false;
  }
  return theirs.length === mine.length && timingSafeEqual(theirs, mine);
}
