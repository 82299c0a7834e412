/** Counts the bytes of a response, from write and from the iterable, against what its head promised. */
import type { Bytes } from '../environ/types.js';
import type { Exchange } from './exchange.js';
import { fail } from './violation.js';

/** 205 too must have no content (RFC 9110 section 15.3.6). */
const BODILESS = new Set([204, 205, 304]);

export function countBytes(exchange: Exchange, block: Bytes): void {
  if (block.length === 0) return;
  const { status, declared } = exchange;
  if (exchange.isHead) fail('body-on-head', `it has a block of ${block.length} bytes`);
  if (BODILESS.has(status))
    fail('body-not-allowed', `that of ${status} has a block of ${block.length} bytes`);
  exchange.sent += block.length;
  if (declared !== undefined && exchange.sent > declared) {
    fail('content-length-mismatch', `declared ${declared}, given ${exchange.sent} or more`);
  }
}

/** At the end of the body: on HEAD and 304 the header tells of another response (RFC 9110 section 8.6). */
export function checkTotal(exchange: Exchange): void {
  const { declared, sent, status } = exchange;
  if (declared === undefined || exchange.isHead || BODILESS.has(status)) return;
  if (sent !== declared) fail('content-length-mismatch', `declared ${declared}, given ${sent}`);
}
