/** `wsgi.errors` that keeps what it is given. */
import { TextErrorStream } from '../environ/error-stream.js';
import type { Environ, ErrorStream } from '../environ/types.js';

export class MemoryErrors extends TextErrorStream {
  readonly #written: string[];

  constructor() {
    const written: string[] = [];
    super({ write: (text) => written.push(text) });
    this.#written = written;
  }

  /** All that was written. */
  get text(): string {
    return this.#written.join('');
  }
}

/** Makes `wsgi.errors` of an environ readable: what the application writes goes where it would, and is kept as well. */
export function keepErrors(environ: Environ): MemoryErrors {
  const errors: ErrorStream | undefined = environ['wsgi.errors'];
  if (errors instanceof MemoryErrors) return errors;
  // A test may have taken it away.
  if (errors === undefined) return new MemoryErrors();
  const tee = new TeeErrors(errors);
  environ['wsgi.errors'] = tee;
  return tee;
}

class TeeErrors extends MemoryErrors {
  readonly #other: ErrorStream;

  constructor(other: ErrorStream) {
    super();
    this.#other = other;
  }

  override write(text: string): void {
    super.write(text);
    this.#other.write(text);
  }

  override flush(): void {
    this.#other.flush();
  }
}
