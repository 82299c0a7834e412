/** Waits for something that is not announced. */

/** @throws Error after half a minute, however busy the machine is; as a rule it takes a few milliseconds. */
export async function until(test: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  for (let i = 0; i < 800; i++) {
    if (await test()) return;
    // Some send a request each time: what takes long is asked for less often.
    await new Promise((resolve) => setTimeout(resolve, Math.min(10 + i, 40)));
  }
  throw new Error(`${what} did not happen`);
}

/** A promise, and the function that settles it. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
