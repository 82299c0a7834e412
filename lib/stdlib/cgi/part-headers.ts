/** The headers of a part, as Python's `email.feedparser` reads them: what is not a header ends them, without an error. */
import { type Dict, makeDict } from '../arguments.js';

/** A name of printable ASCII and a colon, or white space, which goes on with the line before (RFC 5322 section 2.2). */
const HEADER = /^(?:From |[!-9;-~]*:|[\t ])/;

/** By lower-case name; the first of a name counts. */
export function partHeaders(text: string): Dict<string> {
  const headers = makeDict<string>();
  let name = '';
  let value = '';
  const add = () => {
    if (name !== '' && !(name in headers))
      headers[name] = value.replace(/^[ \t]+/, '').replace(/[\r\n]+$/, '');
    name = '';
  };
  for (const line of text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? []) {
    if (!HEADER.test(line)) break;
    if (line.startsWith(' ') || line.startsWith('\t')) {
      value += line;
      continue;
    }
    add();
    // The first line of a message in a mailbox, which Python passes over.
    if (line.startsWith('From ')) continue;
    const colon = line.indexOf(':');
    name = line.slice(0, colon).toLowerCase();
    value = line.slice(colon + 1);
  }
  add();
  return headers;
}
