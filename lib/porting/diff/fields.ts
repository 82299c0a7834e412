/** Header and trailer fields of two answers: case and order of names aside, order of values of one name kept. */
import type { Answer, Fields } from '../exchange.js';
import { itemsOf, valuesOf } from '../fields.js';
import { encodingOf, type MediaType, parseMediaType } from '../media-type.js';
import type { DiffOptions, Observed } from './difference.js';
import { APART, ASIDE, isList, isSet, wireNames, written } from './field-names.js';
import type { Findings } from './findings.js';
import type { Ignore } from './ignore.js';
import { plainUrl } from './own-host.js';

export function compareFields(
  original: Observed & { readonly answer: Answer },
  candidate: Observed & { readonly answer: Answer },
  { wire, ignore }: DiffOptions,
  findings: Findings,
): void {
  const [a, b] = [original.answer.fields, candidate.answer.fields];
  const ofWire = new Set([...wireNames(a), ...wireNames(b)]);
  compareContentTypes(a, b, ignore, findings);
  for (const name of namesOf(a, b)) {
    if (ASIDE.has(name) || APART.has(name) || ignore.header(name)) continue;
    const isWire = ofWire.has(name);
    if (isWire && !wire) continue;
    let [ours, theirs] = [valuesOf(a, name), valuesOf(b, name)];
    if (name === 'content-location') {
      ours = ours.map((value) => plainUrl(value, original.url));
      theirs = theirs.map((value) => plainUrl(value, candidate.url));
    }
    if (sameValues(name, ours, theirs, ignore)) {
      // A list that is split over lines otherwise.
      if (wire && ours.length !== theirs.length)
        findings.add('wire', written(name), ours.join(' | '), theirs.join(' | '));
    } else {
      findings.add(isWire ? 'wire' : 'header', written(name), shown(ours), shown(theirs));
    }
  }
  compareTrailers(original.answer.trailers, candidate.answer.trailers, ignore, findings);
}

function compareTrailers(a: Fields, b: Fields, ignore: Ignore, findings: Findings): void {
  for (const name of namesOf(a, b)) {
    if (ASIDE.has(name) || ignore.header(name)) continue;
    const [ours, theirs] = [valuesOf(a, name), valuesOf(b, name)];
    if (!sameValues(name, ours, theirs, ignore)) {
      findings.add('header', `${written(name)} (trailer)`, shown(ours), shown(theirs));
    }
  }
}

/** By type and parameters. The charset is a difference of its own kind, for the text may be the same. */
function compareContentTypes(a: Fields, b: Fields, ignore: Ignore, findings: Findings): void {
  if (ignore.header('content-type')) return;
  const [ours, theirs] = [valuesOf(a, 'content-type'), valuesOf(b, 'content-type')];
  const [one, other] = [parseMediaType(ours[0]), parseMediaType(theirs[0])];
  const same = ignore.mask(withoutCharset(one)) === ignore.mask(withoutCharset(other));
  if (!same || ours.length !== theirs.length) {
    findings.add('header', 'Content-Type', shown(ours), shown(theirs));
    return;
  }
  const [charset, otherCharset] = [one, other].map(({ parameters }) => parameters.get('charset'));
  if (encodingOf(charset) !== encodingOf(otherCharset)) {
    findings.add('charset', 'Content-Type', charset, otherCharset);
  }
}

function withoutCharset({ type, parameters }: MediaType): string {
  const others = [...parameters].filter(([name]) => name !== 'charset');
  return [type, ...others.map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(';');
}

function namesOf(a: Fields, b: Fields): Set<string> {
  return new Set([...a, ...b].map(([name]) => name.toLowerCase()));
}

function sameValues(
  name: string,
  ours: readonly string[],
  theirs: readonly string[],
  ignore: Ignore,
): boolean {
  // A field that is there and empty is not one that is absent.
  if ((ours.length === 0) !== (theirs.length === 0)) return false;
  const [a, b] = [ours, theirs].map((values) => values.map((value) => ignore.mask(value)));
  const plain = (values: readonly string[] = []) => {
    const items = isList(name) ? values.flatMap(itemsOf) : [...values];
    return isSet(name) ? items.sort() : items;
  };
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}

function shown(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(', ');
}
