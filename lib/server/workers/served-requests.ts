/**
 * What a worker serves, for the log of one that died. The worker notes it in memory that its guard (guard.ts), a thread,
 * writes to a file: at once for the first request, else every 20 ms. The parent has that file open, and reads it when the
 * worker has ended. So it costs a request half a microsecond, and is there even if the event loop was stuck or killed.
 */
import { readSync, writeSync } from 'node:fs';
import { ignore } from '../../environ/maybe-promise.js';

// Words at the start of the memory.
/** 1 while the guard waits to be woken. */
const ASLEEP = 0;
/** How often anything has changed. */
const CHANGES = 1;
/** So many places have been in use. */
const USED = 2;
/** Requests that have no place, for there are too many. */
const BEYOND = 3;
const HEAD_BYTES = 16;

const PLACES = 1024;
/** Of one place: when it began, as a float; how long the text is; the text. */
const PLACE_BYTES = 160;
const TEXT_BYTES = PLACE_BYTES - 10;
const NO_PLACE = -1;

/** The most requests that a line of the log names. */
const MOST_NAMED = 10;

export class ServedRequests {
  readonly memory = new SharedArrayBuffer(HEAD_BYTES + PLACES * PLACE_BYTES);
  /** Wakes the guard. */
  wake: () => void = ignore;
  readonly #words = new Int32Array(this.memory, 0, HEAD_BYTES / 4);
  readonly #view = new DataView(this.memory);
  readonly #bytes = Buffer.from(this.memory);
  readonly #free: number[] = [];
  #used = 0;

  /** @returns its place, for `end`. */
  begin(method = '', url = ''): number {
    const place = this.#free.pop() ?? this.#nextPlace();
    if (place === NO_PLACE) this.#addBeyond(1);
    else {
      const start = HEAD_BYTES + place * PLACE_BYTES;
      this.#view.setFloat64(start, Date.now());
      const length = this.#bytes.write(`${method} ${url}`, start + 10, TEXT_BYTES, 'latin1');
      this.#view.setUint16(start + 8, length);
    }
    this.#changed();
    return place;
  }

  end(place: number): void {
    if (place === NO_PLACE) this.#addBeyond(-1);
    else {
      this.#view.setFloat64(HEAD_BYTES + place * PLACE_BYTES, 0);
      this.#free.push(place);
    }
    this.#changed();
  }

  /** Writes it now, from the thread that serves: the process ends. */
  writeTo(descriptor: number): void {
    try {
      writeSync(descriptor, this.#bytes, 0, HEAD_BYTES + this.#used * PLACE_BYTES, 0);
    } catch {
      // The log will say less.
    }
  }

  #nextPlace(): number {
    if (this.#used === PLACES) return NO_PLACE;
    this.#words[USED] = this.#used + 1;
    return this.#used++;
  }

  #addBeyond(change: 1 | -1): void {
    this.#words[BEYOND] = (this.#words[BEYOND] ?? 0) + change;
  }

  #changed(): void {
    this.#words[CHANGES] = ((this.#words[CHANGES] ?? 0) + 1) | 0;
    if (Atomics.load(this.#words, ASLEEP) === 0) return;
    Atomics.store(this.#words, ASLEEP, 0);
    this.wake();
  }
}

/** For the guard: a part of the script of its thread. `memory` and `file`: what to write, and where to. */
export const WRITES_SERVED = `
  const words = new Int32Array(memory, 0, 4);
  const bytes = new Uint8Array(memory);
  let written = -1, quiet = 0, timer;
  const write = () => {
    if (words[${CHANGES}] !== written) {
      written = words[${CHANGES}];
      quiet = 0;
      try { fs.writeSync(file, bytes, 0, ${HEAD_BYTES} + words[${USED}] * ${PLACE_BYTES}, 0); } catch {}
    } else if (++quiet > 25) {
      Atomics.store(words, ${ASLEEP}, 1);
      if (words[${CHANGES}] !== written) return void Atomics.store(words, ${ASLEEP}, 0);
      timer = clearInterval(timer);
    }
  };
  parentPort.on('message', () => { timer ??= setInterval(write, 20); write(); });
  write();
  timer = setInterval(write, 20);`;

/** What a worker that has ended was serving, as the end of a sentence; empty for nothing. @param descriptor its file. */
export function describeServed(descriptor: number): string {
  const bytes = Buffer.alloc(HEAD_BYTES + PLACES * PLACE_BYTES);
  let length: number;
  try {
    length = readSync(descriptor, bytes, 0, bytes.length, 0);
  } catch {
    return '';
  }
  const found: { since: number; text: string }[] = [];
  for (let start = HEAD_BYTES; start + PLACE_BYTES <= length; start += PLACE_BYTES) {
    const since = bytes.readDoubleBE(start);
    if (since === 0) continue;
    const size = bytes.readUInt16BE(start + 8);
    const text = bytes.toString('latin1', start + 10, start + 10 + size);
    found.push({ since, text: size === TEXT_BYTES ? `${text}...` : text });
  }
  found.sort((a, b) => a.since - b.since);
  const named = found.slice(0, MOST_NAMED).map(describeOne);
  const others = found.length - named.length + (length >= HEAD_BYTES ? wordOf(bytes, BEYOND) : 0);
  if (others > 0) named.push(`${others} more`);
  return named.join(', ');
}

function describeOne({ since, text }: { since: number; text: string }): string {
  const seconds = Math.max(0, (Date.now() - since) / 1000).toFixed(1);
  const time = new Date(since).toTimeString().slice(0, 8);
  // What a client sent must not pass for another line of the log.
  const shown = text.replace(
    /[^\x20-\x7e]/g,
    (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `${shown} (since ${time}, ${seconds} s)`;
}

/** As the machine has it: the worker wrote it as an `Int32Array`. */
function wordOf(bytes: Buffer, index: number): number {
  return new Int32Array(bytes.buffer, bytes.byteOffset, HEAD_BYTES / 4)[index] ?? 0;
}
