/** Where a server listens, as `--bind` and the option `host` spell it (gunicorn's `bind`, F-G003). */
import { isIP, isIPv6 } from 'node:net';

export interface BindAddress {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
  /** Of a socket that the process inherits. */
  readonly descriptor?: number;
}

export const BIND_RULE = 'HOST, HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH or fd://N';

/** The bytes that a socket address has for a path, less the NUL at its end (`sun_path`: unix(7), and unix(4) of the BSDs). */
export const SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** What is wrong with the path of a Unix socket, as the end of a sentence: the system would cut it silently. */
export function socketPathFault(path: string): string | undefined {
  // Named pipes of Windows have other rules.
  if (process.platform === 'win32') return undefined;
  const length = Buffer.byteLength(path);
  if (length > SOCKET_PATH_BYTES) {
    return `is ${length} bytes long: the path of a Unix socket has at most ${SOCKET_PATH_BYTES}. Use a shorter one, or --chdir and a relative one`;
  }
  // One at the start is Linux's "abstract" name, which is not a file.
  return path.includes('\0', 1) ? 'holds a NUL byte, which a path cannot' : undefined;
}

/** The parts of a bind address, or undefined when it is not one. A part left out is left to the defaults. */
export function parseBindAddress(text: string): BindAddress | undefined {
  if (text.startsWith('unix:')) return text.length > 5 ? { socketPath: text.slice(5) } : undefined;
  const descriptor = /^fd:\/\/(\d{1,7})$/.exec(text)?.[1];
  if (descriptor !== undefined)
    return Number(descriptor) > 2 ? { descriptor: Number(descriptor) } : undefined;
  // A bare IPv6 address has no room for a port: its last colon is the address's own. The colons are counted before it is
  // read, for the first call of isIPv6() in a process costs as much as loading 100 KiB of code.
  if (text.indexOf(':') !== text.lastIndexOf(':') && isIPv6(text)) return { host: text };
  const { host, port } = /^(?<host>\[[^\]]*\]|[^:[\]]*)(?::(?<port>\d{1,5}))?$/.exec(text)?.groups ?? {};
  if (host === undefined || (host === '' && port === undefined)) return undefined;
  const address = parseHost(host);
  if (address === undefined || Number(port ?? 0) > 65535) return undefined;
  return port === undefined ? { host: address } : { host: address, port: Number(port) };
}

/** Why `parseBindAddress` gives undefined, as the end of a sentence; undefined where only the rule can be named. */
export function bindAddressFault(text: string): string | undefined {
  if (parseBindAddress(text) !== undefined) return undefined;
  const { host, port } = /^(?<host>.*):(?<port>\d+)$/.exec(text)?.groups ?? {};
  if (Number(port ?? 0) > 65535 && (host === '' || parseHost(host ?? ':') !== undefined)) {
    return `the port must be a whole number from 0 to 65535, not ${port}`;
  }
  if (/^\d+$/.test(text)) return `a port alone has a colon before it: write :${text}, or 127.0.0.1:${text}`;
  const url = /^https?:\/\/(?<rest>[^/]+)/i.exec(text)?.groups?.['rest'];
  if (url !== undefined) return `a URL is not an address: write ${url}`;
  if (/^fd:\/\/[0-2]$/.test(text))
    return 'descriptors 0 to 2 are the standard streams: sockets that are inherited begin at fd://3';
  if (/^fd:/.test(text)) return 'a descriptor is a number: write fd://3';
  if (/^unix:?$/.test(text)) return 'the path is missing: write unix:/path/of/a.sock';
  return text.startsWith('/') ? `the path of a Unix socket has a prefix: write unix:${text}` : undefined;
}

/** A host to listen on without the brackets of an IPv6 address, or undefined when it is not one. '' is every interface. */
export function parseHost(text: string): string | undefined {
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  if (bracketed !== undefined) return isIPv6(bracketed) ? bracketed : undefined;
  if (text === '' || isIP(text)) return text;
  // All digits and dots but not an address: 8000 would be looked up as 0.0.31.64, and was meant as a port.
  return /^(?![\d.]+$)[\w.-]+$/.test(text) ? text : undefined;
}
