/** Which differences say nothing: the original differs from itself there, or each side has a value of its own there that it follows. */
import type { Difference, Kind } from '../diff/difference.js';
import { isId, isOpaque } from './follow/specific.js';

/** What a value becomes when code goes wrong. No random value looks like that, so it is never noise. */
const BROKEN = /^(?:undefined|null|none|nan|invalid date|\[object [^\]]*\]|)$/i;

/**
 * True if what the original does by itself at that place explains the difference. A value that varies does not explain one
 * that is missing, is empty, or has another type in JSON.
 * @param noise what differs between answers of the original to the same request.
 */
export function isNoise(difference: Difference, noise: readonly Difference[]): boolean {
  // Without an answer nothing was compared, whatever happens to the original at times.
  if (difference.kind === 'failure') return false;
  return noise.some(
    (own) =>
      own.kind === difference.kind &&
      isPossible(own, difference) &&
      (explains(own, difference) || countsVary(own, difference)),
  );
}

/** Statuses and cuts are not random values: only what the original did itself may be by chance. */
function isPossible(own: Difference, { kind, original, candidate }: Difference): boolean {
  const outcomes = [own.original, own.candidate];
  if (kind === 'status') return outcomes.includes(candidate);
  // Where it is cut may vary; that one is cut, and the other is not, leaves a part that was not compared.
  if (kind === 'cut') return [...outcomes, original, candidate].every((one) => one?.startsWith('cut'));
  if (kind === 'redirect') return leadsAlike(own, candidate);
  return true;
}

/** What varies comes after a part of the path or the query that stays: `/items/` of `/items/5` and `/items/8`. */
function leadsAlike(own: Difference, candidate: string | undefined): boolean {
  if (own.original === undefined || own.candidate === undefined || candidate === undefined) return true;
  const [one, other, theirs] = [own.original, own.candidate, candidate].map((url) =>
    url.replace(/^(?:[a-z][a-z\d+.-]*:)?\/\/[^/?#]*/i, ''),
  ) as [string, string, string];
  // Shortened in the middle: where they begin is not known.
  if (/…/.test(one + other + theirs)) return true;
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const stays = one.slice(0, same).replace(/[^/?&=]*$/, '');
  return theirs.startsWith(stays);
}

function explains(own: Difference, difference: Difference): boolean {
  const inside = own.where !== '' && difference.where.startsWith(`${own.where}/`);
  if (own.where !== difference.where && !inside) return false;
  if (inside || isAbsence(own)) return true;
  if (isAbsence(difference)) return false;
  const values = [own.original ?? '', own.candidate ?? '', difference.original ?? ''];
  const value = difference.candidate ?? '';
  if (BROKEN.test(unquoted(value))) return values.some((known) => BROKEN.test(unquoted(known)));
  return !difference.where.startsWith('/') || values.some((known) => typeOf(known) === typeOf(value));
}

/** A list that is not always of one length: whatever number the element has that one side lacks. */
function countsVary(own: Difference, difference: Difference): boolean {
  const numberless = (where: string) => where.replace(/\d+/g, '#');
  return (
    isAbsence(own) &&
    isAbsence(difference) &&
    /\d/.test(own.where) &&
    numberless(own.where) === numberless(difference.where)
  );
}

function isAbsence({ original, candidate }: Difference): boolean {
  return original === undefined || candidate === undefined;
}

function unquoted(value: string): string {
  return value.replace(/^"(.*)"$/s, '$1').trim();
}

/** Of a value of JSON as it is written; what is not JSON is text of a page, whose places look like those of JSON. */
function typeOf(value: string): string {
  const text = value.trim();
  if (/^["{[]/.test(text)) return text.charAt(0);
  if (/^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text)) return 'number';
  if (text === 'true' || text === 'false') return 'boolean';
  return text === 'null' ? text : 'text';
}

/** The recorded values that a value of one side stands for. */
export type Meaning = (value: string) => ReadonlySet<string>;

/** Kinds of what hands out values. */
const HANDED: readonly Kind[] = ['header', 'cookie', 'redirect', 'body', 'websocket'];

/** Where a token may begin and end. Base64 has `/`, paths are split at it: both are tried. */
const TOKENS = [/[A-Za-z0-9_.~+=%-]+|[^A-Za-z0-9_.~+=%-]+/g, /[A-Za-z0-9_.~+/=:-]+|[^A-Za-z0-9_.~+/=:-]+/g];

/** True if the two differ only in values that each side has handed out itself, and that its client has sent back. */
export function isFollowed(
  { kind, original, candidate }: Difference,
  ours: Meaning,
  theirs: Meaning,
): boolean {
  if (!HANDED.includes(kind)) return false;
  if (original === undefined || candidate === undefined) return false;
  if (means(original, candidate, ours, theirs)) return true;
  return TOKENS.some((token) => {
    const [a, b] = [original.match(token) ?? [], candidate.match(token) ?? []];
    return (
      a.length === b.length && a.every((part, at) => part === b[at] || means(part, b[at] ?? '', ours, theirs))
    );
  });
}

/** With their quotation marks, as entity tags have them, or without these, as JSON writes strings. */
function means(a: string, b: string, ours: Meaning, theirs: Meaning): boolean {
  const pairs = [
    [a, b],
    [unquoted(a), unquoted(b)],
  ] as const;
  return pairs.some(([one, other]) => {
    if ((!isId(one) && !isOpaque(one)) || BROKEN.test(other)) return false;
    const known = theirs(other);
    return known.size > 0 && [...ours(one)].some((value) => known.has(value));
  });
}
