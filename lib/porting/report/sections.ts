/** Which section of PORTING.md explains a difference. A spec checks that the headings are there. */
import type { Difference, Kind } from '../diff/difference.js';

interface Rule {
  readonly kind: Kind;
  /** Of the place; any if it is not given. */
  readonly where?: RegExp;
  /** Of what the candidate has; any if it is not given. */
  readonly candidate?: RegExp;
  /** A heading of PORTING.md. */
  readonly section: string;
}

/** The first that fits counts. */
export const SECTIONS: readonly Rule[] = [
  // A handler that throws, or that forgot start_response.
  { kind: 'status', candidate: /^500$/, section: 'Errors' },
  { kind: 'status', candidate: /^(?:400|408|413|414|417|421|426|431|501|505)$/, section: 'Choices' },
  { kind: 'status', candidate: /^404$/, section: 'Routes' },
  { kind: 'status', section: 'Status' },
  { kind: 'reason', section: 'Status' },
  { kind: 'failure', section: 'What differs, and why' },
  { kind: 'charset', section: 'Sending data' },
  { kind: 'header', where: /^Sec-WebSocket-/, section: 'WebSocket' },
  { kind: 'header', section: 'Headers' },
  { kind: 'cookie', section: "Python's standard library" },
  { kind: 'redirect', section: 'Headers' },
  { kind: 'websocket', section: 'WebSocket' },
  { kind: 'stream', section: 'Sending data' },
  { kind: 'cut', section: 'Choices' },
  // A native string of environ that was taken for text: `Ã©` for `é`.
  { kind: 'body', candidate: /[\u00c2\u00c3][\u0080-\u00bf]/, section: 'What differs, and why' },
  { kind: 'body', candidate: /\[object \w+\]/, section: 'What differs, and why' },
  { kind: 'body', section: 'Sending data' },
  { kind: 'wire', section: 'Choices' },
];

export function sectionOf({ kind, where, candidate = '' }: Difference): string | undefined {
  return SECTIONS.find(
    (rule) =>
      rule.kind === kind &&
      (rule.where === undefined || rule.where.test(where)) &&
      (rule.candidate === undefined || rule.candidate.test(candidate)),
  )?.section;
}
