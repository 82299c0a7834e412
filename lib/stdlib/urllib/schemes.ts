/** Schemes of URLs, by what Python's urllib.parse (3.13) expects of them. Programs may add their own, as in Python. */

/** A relative URL can be joined to them. The empty one is a URL without a scheme. */
export const uses_relative: string[] = [
  ...['', 'ftp', 'http', 'gopher', 'nntp', 'imap', 'wais', 'file', 'https', 'shttp', 'mms'],
  ...['prospero', 'rtsp', 'rtspu', 'sftp', 'svn', 'svn+ssh', 'ws', 'wss'],
];

/** They have `//` after the scheme, also if no host follows. */
export const uses_netloc: string[] = [
  ...['', 'ftp', 'http', 'gopher', 'nntp', 'telnet', 'imap', 'wais', 'file', 'mms', 'https', 'shttp'],
  ...['snews', 'prospero', 'rtsp', 'rtspu', 'rsync', 'svn', 'svn+ssh', 'sftp', 'nfs', 'git'],
  ...['git+ssh', 'ws', 'wss', 'itms-services'],
];

/** Their last segment may have parameters after `;` (RFC 1808). */
export const uses_params: string[] = [
  ...['', 'ftp', 'hdl', 'prospero', 'http', 'imap', 'https', 'shttp', 'rtsp', 'rtspu', 'sip'],
  ...['sips', 'mms', 'sftp', 'tel'],
];

/** Splits `scheme:rest`, with the scheme in lower case; undefined if there is none (RFC 3986 section 3.1). */
export function schemeOf(url: string): { scheme: string; rest: string } | undefined {
  const colon = url.indexOf(':');
  const scheme = url.slice(0, Math.max(colon, 0));
  if (!/^[a-z][a-z0-9+.-]*$/i.test(scheme)) return undefined;
  return { scheme: scheme.toLowerCase(), rest: url.slice(colon + 1) };
}
