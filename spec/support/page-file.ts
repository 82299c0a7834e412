/** The files that a page of the documents shows: a spec runs what the reader copies, in other places. */
import { readFileSync } from 'node:fs';
import { ROOT } from './source.js';

/** The block whose first line says `# NAME`. */
export function fileOfPage(page: string, name: string): string {
  const text = readFileSync(ROOT + page, 'utf8');
  const blocks = [...text.matchAll(/^```\w*\n(# (\S+)\n.*?)^```$/gms)].filter(
    ([, , first]) => first === name,
  );
  const [, file] = blocks[0] ?? [];
  if (file === undefined || blocks.length > 1) {
    throw new Error(`${page} has ${blocks.length} files ${name}, not one`);
  }
  return file;
}

/** With each first text, which must be there, replaced by the second; all that are there. */
export function withPlaces(
  file: string,
  places: readonly (readonly [text: string, other: string])[],
): string {
  let result = file;
  for (const [text, other] of places) {
    if (!result.includes(text)) throw new Error(`There is no ${JSON.stringify(text)} in\n${file}`);
    result = result.replaceAll(text, other);
  }
  return result;
}
