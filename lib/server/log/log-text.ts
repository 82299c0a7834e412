/** Text of a client in a log: it can neither end a field or a line nor drive a terminal. */

const SPECIAL = /[^ !#-[\]-~]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** As httpd's ap_escape_logitem. */
export function escapeField(value: string): string {
  return value.replace(SPECIAL, (character) => ESCAPES[character] ?? hex(character));
}

function hex(character: string): string {
  const code = character.charCodeAt(0);
  const bytes = code > 0xff ? Buffer.from(character) : [code];
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
