/** `wsgi.errors` of an application in Python, through which it tells a spec what it has seen. */
import type { ErrorStream } from '../../lib/environ/types.js';

/** @param write takes each text that the application writes. */
export function account(write: (text: string) => void): ErrorStream {
  return {
    write,
    writelines(lines) {
      for (const line of lines) write(line);
    },
    flush() {},
  };
}
