/** What differs between two answers to one request. */
import { parseUrl } from '../../environ/syntax.js';
import type { Answer } from '../exchange.js';
import { valuesOf } from '../fields.js';
import { compareBodies } from './bodies.js';
import { compareConversations } from './conversation.js';
import { compareCookies } from './cookies.js';
import type { Difference, DiffOptions, Observed } from './difference.js';
import { compareFields } from './fields.js';
import { Findings } from './findings.js';
import { plainUrl } from './own-host.js';

/**
 * All that differs, in the order in which a person reads an answer: status, fields, cookies, body. Nothing for two that
 * are alike. Date and Server are never compared; case and order of header names never count. JSON is compared by
 * structure (1 and 1.0 are one number), HTML by elements, attributes and text; a body of more than 8 MiB as bytes, in
 * constant memory.
 */
export async function findDifferences(
  original: Observed,
  candidate: Observed,
  options: DiffOptions,
): Promise<Difference[]> {
  const findings = new Findings();
  const [ours, theirs] = [original.answer, candidate.answer];
  if (original.failure !== candidate.failure || (ours === undefined) !== (theirs === undefined)) {
    findings.add('failure', '', outcomeOf(original), outcomeOf(candidate));
  }
  if (ours !== undefined && theirs !== undefined) {
    compareHeads({ ...original, answer: ours }, { ...candidate, answer: theirs }, options, findings);
    await compareBodies(ours, theirs, [original.url, candidate.url], options, findings);
    compareStreaming(ours, theirs, findings);
  }
  compareConversations(original.conversation, candidate.conversation, options.ignore, findings);
  return findings.end();
}

type Answered = Observed & { readonly answer: Answer };

function compareHeads(
  original: Answered,
  candidate: Answered,
  options: DiffOptions,
  findings: Findings,
): void {
  const [ours, theirs] = [original.answer, candidate.answer];
  if (options.wire) findings.compare('wire', '1xx', interimOf(ours), interimOf(theirs));
  if (options.wire) findings.compare('wire', 'version', `HTTP/${ours.version}`, `HTTP/${theirs.version}`);
  findings.compare('status', '', String(ours.status), String(theirs.status));
  if (ours.status === theirs.status) findings.compare('reason', '', ours.reason, theirs.reason);
  compareRedirects(original, candidate, options, findings);
  compareFields(original, candidate, options, findings);
  const hosts = [hostOf(original), hostOf(candidate)] as const;
  compareCookies(ours, theirs, hosts, options.ignore, findings);
}

/** 103 Early Hints, for example. */
function interimOf({ interim = [] }: Answer): string | undefined {
  const lines = interim.map(({ status, fields }) =>
    [status, ...fields.map(([name, value]) => `${name.toLowerCase()}: ${value}`)].join(' '),
  );
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** Where they lead; a Location without a host, and one with the host of the server that was asked, are the same. */
function compareRedirects(
  original: Answered,
  candidate: Answered,
  { ignore }: DiffOptions,
  findings: Findings,
): void {
  if (ignore.header('location')) return;
  const [ours, theirs] = [original, candidate].map(({ answer }) => valuesOf(answer.fields, 'location'));
  const meaning = (values: readonly string[] = [], url: string | undefined) =>
    values.map((value) => ignore.mask(plainUrl(value, url))).join('\n');
  if (ours?.length === theirs?.length && meaning(ours, original.url) === meaning(theirs, candidate.url))
    return;
  const shown = (values: readonly string[] = []) => (values.length === 0 ? undefined : values.join(', '));
  findings.add('redirect', 'Location', shown(ours), shown(theirs));
}

function hostOf({ url }: Observed): string | undefined {
  return url === undefined ? undefined : parseUrl(url)?.hostname;
}

function outcomeOf({ answer, failure }: Observed): string {
  return failure ?? (answer === undefined ? 'no answer' : `answered ${answer.status}`);
}

// Does an answer come piece by piece, or all at once at the end?

/**
 * By the order of events against the answer's own duration, not by absolute times alone, for machines are slow at times.
 * What lies between both bounds is not decided.
 */
const STREAMED = { share: 0.3, milliseconds: 100 };
const AT_ONCE = { share: 0.1, milliseconds: 25 };

/** Undefined where it cannot be said: no body, no times, or too close. */
function streams({ times, body }: Answer): boolean | undefined {
  if (times === undefined || body.size === 0) return undefined;
  const between = times.last - times.first;
  if (between >= STREAMED.milliseconds && between >= STREAMED.share * times.last) return true;
  return between <= Math.max(AT_ONCE.milliseconds, AT_ONCE.share * times.last) ? false : undefined;
}

/** A difference if one side streams and the other one surely does not, both having taken time. */
function compareStreaming(original: Answer, candidate: Answer, findings: Findings): void {
  const [ours, theirs] = [streams(original), streams(candidate)];
  if (ours === undefined || theirs === undefined || ours === theirs) return;
  findings.add('stream', '', say(original, ours), say(candidate, theirs));
}

function say({ times }: Answer, streamed: boolean): string {
  const [first, last] = [Math.round(times?.first ?? 0), Math.round(times?.last ?? 0)];
  return `${streamed ? 'piece by piece' : 'all at once'}: first byte after ${first} ms, last after ${last} ms`;
}
