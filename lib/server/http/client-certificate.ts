/** The certificate of a TLS client in environ: SSL_CLIENT_*, with the names and forms of Apache's mod_ssl. */
import type { TLSSocket } from 'node:tls';
import { textToNative } from '../../environ/native-string.js';
import { asksForCertificate } from './node-internals.js';

/** mod_ssl's suffixes of SSL_CLIENT_S_DN_ and SSL_CLIENT_I_DN_, by OpenSSL's name of the attribute. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  C: 'C',
  ST: 'ST',
  L: 'L',
  O: 'O',
  OU: 'OU',
  CN: 'CN',
  T: 'T',
  title: 'T',
  initials: 'I',
  GN: 'G',
  SN: 'S',
  description: 'D',
  DC: 'DC',
  UID: 'UID',
  emailAddress: 'Email',
};

/** @returns undefined where clients are asked for no certificate. */
export function certificateVariables(socket: TLSSocket): Record<string, string> | undefined {
  if (!asksForCertificate(socket)) return undefined;
  const certificate = socket.getPeerX509Certificate?.();
  if (certificate === undefined) return { SSL_CLIENT_VERIFY: 'NONE' };
  const { serialNumber, subject, issuer, validFrom, validTo } = certificate;
  return {
    SSL_CLIENT_VERIFY: socket.authorized ? 'SUCCESS' : `FAILED:${socket.authorizationError ?? 'unknown'}`,
    SSL_CLIENT_M_SERIAL: serialNumber,
    SSL_CLIENT_V_START: validFrom,
    SSL_CLIENT_V_END: validTo,
    ...nameVariables('SSL_CLIENT_S_DN', subject),
    ...nameVariables('SSL_CLIENT_I_DN', issuer),
    SSL_CLIENT_CERT: certificate.toString(),
  };
}

/** @param name as Node has it: one attribute a line, escaped as RFC 2253 says, the most general first. */
function nameVariables(key: string, name: string | undefined): Record<string, string> {
  const rdns = (name ?? '').split('\n').filter((line) => line !== '');
  // RFC 2253 section 2.1: the last comes first.
  const found: Record<string, string> = { [key]: textToNative([...rdns].reverse().join(',')) };
  const seen = new Map<string, number>();
  for (const attribute of rdns.flatMap(splitMultiple)) {
    const mark = attribute.indexOf('=');
    const suffix = ATTRIBUTES[attribute.slice(0, mark)];
    if (suffix === undefined) continue;
    const count = seen.get(suffix) ?? 0;
    seen.set(suffix, count + 1);
    found[`${key}_${suffix}${count === 0 ? '' : `_${count}`}`] = textToNative(
      unescapeValue(attribute.slice(mark + 1)),
    );
  }
  return found;
}

/** Several attributes of one level, `CN=a + UID=b`; a plus in a value is escaped. */
function splitMultiple(rdn: string): string[] {
  return rdn.split(/(?<!\\)\s*\+\s*(?=[\w.]+=)/);
}

/** RFC 2253 section 2.4: `\,` and `\C3`. */
function unescapeValue(value: string): string {
  return value.replace(/(?:\\[\dA-Fa-f]{2})+|\\(.)/gs, (escaped, character?: string) =>
    character === undefined ? Buffer.from(escaped.replaceAll('\\', ''), 'hex').toString() : character,
  );
}
