/** Which values are so particular that two places with the same one have it from each other: session ids, tokens, ids of things. */

/** Characters of tokens, in base64 and hexadecimal, JSON Web Tokens and uuids. */
export const WORD = /[A-Za-z0-9_.~+/=:-]{8,}/g;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** `id`, `user_id`, `itemId`, `pk`: what such a field holds is followed even if it is as short as `7`. */
const ID_NAME = /(?:^|[_-])(?:[iI][dD]|pk|PK|[gu]uid|[GU]UID)$|[a-z]I[dD]$/;

/** A token: nobody wrote it, and it does not come up twice by chance. */
export function isOpaque(value: string): boolean {
  if (value.length < 8 || value.length > 8192 || /\s/.test(value)) return false;
  if (UUID.test(value)) return true;
  const different = new Set(value).size;
  const digits = /\d/.test(value);
  const letters = /[A-Za-z]/.test(value);
  if (digits && letters) return different >= 5;
  if (digits) return different >= 4 && /^\d+$/.test(value);
  // Letters alone: words have dashes and vowels, tokens both cases.
  return value.length >= 16 && different >= 8 && /[a-z][A-Z]/.test(value) && !/[-./:]/.test(value);
}

/** The id of a thing, as URLs have it: a number, a uuid, a token. */
export function isId(value: string): boolean {
  return /^\d{1,20}$/.test(value) || isOpaque(value);
}

/** True for the name of a field that holds an id. */
export function isIdName(name: string): boolean {
  return ID_NAME.test(name);
}

/** The parts of a text of which each may be a value: all of it, and the tokens in it (`Bearer …`). */
export function* partsOf(text: string): Generator<string, void, undefined> {
  yield text;
  for (const [word] of text.matchAll(WORD)) if (word !== text && isOpaque(word)) yield word;
}

/** `text` with its parts replaced by what `replace` gives for them. */
export function replaceParts(text: string, replace: (part: string) => string | undefined): string {
  const whole = replace(text);
  if (whole !== undefined) return whole;
  return text.replace(WORD, (word) => (isOpaque(word) ? (replace(word) ?? word) : word));
}
