/** Bodies of two answers, without their content codings: by structure where it is known, else as text or bytes. */
import type { Answer } from '../exchange.js';
import { valuesOf } from '../fields.js';
import { type Form, formOf, type MediaType, parseMediaType } from '../media-type.js';
import { isText, textOf } from './body-text.js';
import { type Comparison, compareBytes } from './bytes.js';
import { blocksOf, canDecode } from './content-coding.js';
import type { DiffOptions } from './difference.js';
import type { Findings } from './findings.js';
import { comparePages } from './html.js';
import { JsonComparison } from './json.js';
import { parseJson } from './json-value.js';
import { compareText } from './lines.js';

/** Larger ones are compared as bytes, and never held in memory. */
const LARGEST_STRUCTURE = 8 * 1024 * 1024;

export type Urls = readonly [original: string | undefined, candidate: string | undefined];

export async function compareBodies(
  original: Answer,
  candidate: Answer,
  urls: Urls,
  { ignore }: DiffOptions,
  findings: Findings,
): Promise<void> {
  const decodes = [await canDecode(original), await canDecode(candidate)];
  if (decodes[0] !== decodes[1]) {
    const [ours, theirs] = decodes.map((fits) => (fits ? 'can be decoded' : 'cannot be decoded'));
    findings.add('body', 'content coding', ours, theirs);
    return;
  }
  const decode = decodes[0] === true;
  const found = await compareBytes(blocksOf(original, decode), blocksOf(candidate, decode));
  if (original.body.cut || candidate.body.cut) {
    compareCut(original, candidate, found, findings);
    return;
  }
  if (isSame(found)) return;
  const small = Math.max(...found.sizes) <= LARGEST_STRUCTURE;
  if (small && decode) {
    const [a, b] = [await wholeOf(original), await wholeOf(candidate)];
    const [media, otherMedia] = [mediaOf(original), mediaOf(candidate)];
    const form = commonForm(media, a, otherMedia, b);
    if (form !== 'bytes') {
      compareTexts(form, [a, media], [b, otherMedia], { urls, ignore }, findings);
      return;
    }
  }
  addBytes(found, findings);
}

/** The text of both, and what of it differs. */
function compareTexts(
  form: Form,
  [bytes, media]: readonly [Buffer, MediaType],
  [otherBytes, otherMedia]: readonly [Buffer, MediaType],
  { urls, ignore }: { readonly urls: Urls; readonly ignore: DiffOptions['ignore'] },
  findings: Findings,
): void {
  const isHtml = form === 'html';
  const [a, b] = [textOf(bytes, media, isHtml), textOf(otherBytes, otherMedia, isHtml)];
  const before = findings.list.length;
  if (form === 'json') {
    const [json, otherJson] = [parseJson(a.text), parseJson(b.text)];
    if (json !== undefined && otherJson !== undefined) {
      new JsonComparison('body', '', [a.text, b.text], ignore, findings).compare(json, otherJson);
      return;
    }
    compareText('body', '', ignore.mask(a.text), ignore.mask(b.text), findings);
  } else if (isHtml) {
    const xml = media.type.endsWith('xml') && otherMedia.type.endsWith('xml');
    comparePages(a.text, b.text, { ignore, urls, xml }, findings);
  } else {
    compareText('body', '', ignore.mask(a.text), ignore.mask(b.text), findings);
  }
  const [charset, otherCharset] = [media, otherMedia].map(({ parameters }) => parameters.get('charset'));
  // If both name one, the names are compared with the fields.
  if (findings.list.length === before && a.encoding !== b.encoding && charset === otherCharset) {
    findings.add('charset', 'body', a.encoding, b.encoding);
  }
}

/** That a side was cut is the difference; beyond that only what comes before the cut counts. */
function compareCut(original: Answer, candidate: Answer, found: Comparison, findings: Findings): void {
  const [size, otherSize] = found.sizes;
  if (original.body.cut !== candidate.body.cut || (size !== otherSize && found.at === undefined)) {
    const say = (answer: Answer, bytes: number) =>
      answer.body.cut ? `cut after ${bytes} bytes` : `complete, ${bytes} bytes`;
    findings.add('cut', '', say(original, size), say(candidate, otherSize));
  }
  if (found.at !== undefined) addBytes(found, findings);
}

function addBytes({ at, original, candidate, sizes }: Comparison, findings: Findings): void {
  const [size, otherSize] = sizes;
  const say = (bytes: Buffer, length: number) =>
    at === undefined ? `${length} bytes` : `${length} bytes, from byte ${at}: ${hex(bytes)}`;
  findings.add('body', 'bytes', say(original, size), say(candidate, otherSize));
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').replace(/..(?=.)/g, '$& ');
}

function isSame({ at, sizes }: Comparison): boolean {
  return at === undefined && sizes[0] === sizes[1];
}

/** As JSON or HTML only if both are; as text if both can be read as such. */
function commonForm(media: MediaType, a: Buffer, otherMedia: MediaType, b: Buffer): Form {
  const [one, other] = [formOf(media), formOf(otherMedia)];
  if (one === other && one !== 'unknown') return one;
  const readable = (form: Form, bytes: Buffer) => (form === 'unknown' ? isText(bytes) : form !== 'bytes');
  return readable(one, a) && readable(other, b) ? 'text' : 'bytes';
}

function mediaOf(answer: Answer): MediaType {
  return parseMediaType(valuesOf(answer.fields, 'content-type')[0]);
}

async function wholeOf(answer: Answer): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for await (const block of blocksOf(answer)) blocks.push(block);
  return Buffer.concat(blocks);
}
