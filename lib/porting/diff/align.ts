/** Which parts of two lists belong together, so that one that is inserted does not make all after it differ. */

/** Parts that differ, between parts that are the same: from and to of each list. */
export interface Hunk {
  readonly original: readonly [from: number, to: number];
  readonly candidate: readonly [from: number, to: number];
}

/** More insertions and deletions than this are not looked for: the rest is one hunk, part against part. */
const MOST_EDITS = 400;

/** The hunks of two lists of keys, in order (Myers, "An O(ND) Difference Algorithm"). */
export function align(original: readonly string[], candidate: readonly string[]): Hunk[] {
  const most = Math.min(original.length, candidate.length);
  let start = 0;
  while (start < most && original[start] === candidate[start]) start++;
  let end = 0;
  while (
    end < most - start &&
    original[original.length - 1 - end] === candidate[candidate.length - 1 - end]
  ) {
    end++;
  }
  const a = original.slice(start, original.length - end);
  const b = candidate.slice(start, candidate.length - end);
  if (a.length === 0 && b.length === 0) return [];
  return hunksOf(pairsOf(a, b), a.length, b.length).map((hunk) => ({
    original: [hunk.original[0] + start, hunk.original[1] + start],
    candidate: [hunk.candidate[0] + start, hunk.candidate[1] + start],
  }));
}

/** What lies between the parts that are the same. */
function hunksOf(pairs: readonly (readonly [number, number])[], a: number, b: number): Hunk[] {
  const hunks: Hunk[] = [];
  let [x, y] = [0, 0];
  for (const [nextX, nextY] of [...pairs, [a, b] as const]) {
    if (nextX > x || nextY > y) hunks.push({ original: [x, nextX], candidate: [y, nextY] });
    [x, y] = [nextX + 1, nextY + 1];
  }
  return hunks;
}

/** Parts that are the same, by their places in both lists. */
function pairsOf(a: readonly string[], b: readonly string[]): [number, number][] {
  if (a.length === 0 || b.length === 0) return [];
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const size = 2 * most + 3;
  const offset = most + 1;
  const furthest = new Int32Array(size);
  const steps: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    steps.push(furthest.slice(offset - edits - 1, offset + edits + 2));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = nextX(furthest, offset, diagonal, edits);
      let y = x - diagonal;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x++;
        y++;
      }
      furthest[offset + diagonal] = x;
      if (x >= a.length && y >= b.length) return walkBack(steps, a.length, b.length);
    }
  }
  return [];
}

function nextX(furthest: Int32Array, offset: number, diagonal: number, edits: number): number {
  const [below, above] = [furthest[offset + diagonal + 1] ?? 0, furthest[offset + diagonal - 1] ?? 0];
  return diagonal === -edits || (diagonal !== edits && above < below) ? below : above + 1;
}

/** From the end of both lists to their beginning, along the steps that led there. */
function walkBack(steps: readonly Int32Array[], lengthA: number, lengthB: number): [number, number][] {
  const pairs: [number, number][] = [];
  let [x, y] = [lengthA, lengthB];
  for (let edits = steps.length - 1; edits >= 0; edits--) {
    // Before this step, from diagonal -edits - 1 on.
    const before = steps[edits] ?? new Int32Array();
    const diagonal = x - y;
    const at = (place: number) => before[place + edits + 1] ?? 0;
    const down = diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1));
    const from = down ? diagonal + 1 : diagonal - 1;
    const startX = edits === 0 ? 0 : at(from);
    const startY = edits === 0 ? 0 : startX - from;
    while (x > startX && y > startY) {
      x--;
      y--;
      pairs.push([x, y]);
    }
    [x, y] = [startX, startY];
  }
  return pairs.reverse();
}
