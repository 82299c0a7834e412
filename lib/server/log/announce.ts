/** What the server says of itself on standard output: where it listens, and that it stops. */
import { logLine } from '../../logger.js';

/** @param format `json`: the access log may go there too, and every line is an object. */
export function announce(message: string, format: 'text' | 'json'): void {
  if (format === 'text') console.log(message);
  else process.stdout.write(logLine({ level: 'INFO', logger: 'wsgi', message }, 'json'));
}
