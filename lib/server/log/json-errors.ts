/** `wsgi.errors` where the log is JSON: each text that an application writes becomes an object of its own. */
import { type LogStream, logLine } from '../../logger.js';

/** What does not end its line waits for the rest, up to so many characters. */
const LONGEST = 64 * 1024;

/** A text of several lines, a traceback for one, is one object; parts of a line are joined. */
export class JsonErrors implements LogStream {
  readonly style = 'json';
  readonly #target: LogStream;
  #waiting = '';

  constructor(target: LogStream) {
    this.#target = target;
  }

  write(text: string): void {
    this.#waiting += text;
    if (text.endsWith('\n') || this.#waiting.length > LONGEST) this.flush();
  }

  flush(): void {
    const message = this.#waiting.replace(/\n$/, '');
    this.#waiting = '';
    if (message === '') return;
    this.#target.write(logLine({ level: 'ERROR', logger: 'wsgi.errors', message }, 'json'));
  }
}
