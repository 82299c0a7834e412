/** Makes the `node:http` or `node:https` server that a gateway listens to. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls';
import { ConfigError } from '../../errors.js';
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type ServerOptions as NodeOptions,
} from '../../node-http.js';
import type { ResolvedOptions } from '../options/options.js';
import { allowHalfOpen, WsgiRequest, WsgiResponse } from './node-internals.js';
import { HeadWatch, hasBody } from './request-head.js';

/** @throws ConfigError for a certificate or a key that cannot be used. */
export function createServer(options: ResolvedOptions): HttpServer {
  const { certfile, keyfile, limitRequestHead } = options;
  const headersTimeout = Math.ceil(options.headersTimeout * 1000);
  const requestTimeout = Math.ceil(options.requestTimeout * 1000);
  const settings: NodeOptions<typeof WsgiRequest, typeof WsgiResponse> & {
    shouldUpgradeCallback: typeof goesToUpgrade;
  } = {
    headersTimeout,
    requestTimeout,
    // The gateway ends idle connections.
    keepAliveTimeout: 0,
    maxHeaderSize: limitRequestHead,
    // Often enough that a timeout is kept to within a quarter of it.
    connectionsCheckingInterval: checkingInterval(headersTimeout, requestTimeout),
    // Our own checks answer these, with a page and a line in the log.
    requireHostHeader: false,
    IncomingMessage: WsgiRequest,
    ServerResponse: WsgiResponse,
    shouldUpgradeCallback: goesToUpgrade,
  };
  const http =
    certfile === undefined || keyfile === undefined
      ? createHttpServer(settings)
      : // Not imported: most servers have no TLS, whose modules take a twentieth of a start.
        process
          .getBuiltinModule('node:https')
          .createServer({ ...settings, ...readTls(options, certfile, keyfile) });
  // Node would cut the list silently; the gateway counts and refuses.
  http.maxHeadersCount = 0;
  allowHalfOpen(http as HttpServer);
  if (certfile !== undefined) {
    http.prependListener('connection', closeWithClient);
    http.prependListener('secureConnection', outliveClient);
  }
  if (options.certReqs === 'optional') http.prependListener('secureConnection', refuseUnknownClient);
  return http as HttpServer;
}

/**
 * What newer Nodes (24.9) ask of a request with an Upgrade: is it for the listener of `upgrade`? Of one that is not, they drop
 * what shares its last packet: the next requests of a client that pipelines. So all go there, as with older ones, but those
 * with a body, which they would keep from what follows it: a request that is lost then is refused.
 */
function goesToUpgrade(req: WsgiRequest): boolean {
  if (!hasBody(req)) return true;
  const watch = HeadWatch.of(req.socket);
  if (watch !== undefined) watch.mayLose = true;
  return false;
}

function checkingInterval(...timeouts: number[]): number {
  const shortest = Math.min(...timeouts.filter((timeout) => timeout > 0), 120_000);
  return Math.max(50, Math.floor(shortest / 4));
}

function readTls(
  { certReqs, caCerts }: ResolvedOptions,
  certfile: string,
  keyfile: string,
): SecureContextOptions & TlsOptions {
  const read = (name: string, path: string) => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new ConfigError(`The ${name} ${path} cannot be read: ${(error as Error).message}`);
    }
  };
  const { createSecureContext } = process.getBuiltinModule('node:tls');
  const tls = { cert: read('certfile', certfile), key: read('keyfile', keyfile) };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new ConfigError(
      `The certfile ${certfile} cannot be used with the keyfile ${keyfile}: ${(error as Error).message}`,
    );
  }
  if (certReqs === 'none' || caCerts === undefined) return tls;
  const ca = read('caCerts', caCerts);
  try {
    // Node would skip what it cannot read, and trust nobody.
    new (process.getBuiltinModule('node:crypto').X509Certificate)(ca);
    createSecureContext({ ...tls, ca });
  } catch (error) {
    throw new ConfigError(
      `The caCerts ${caCerts} cannot be used, it has to be a PEM file of certificates: ${(error as Error).message}`,
    );
  }
  // Node ends a handshake without a valid certificate by itself, if one is required.
  return { ...tls, ca, requestCert: true, rejectUnauthorized: certReqs === 'required' };
}

/**
 * A client that leaves in the middle of its handshake takes the connection with it: Node would keep one that may be half
 * open until the handshake takes too long (120 s). The socket of TLS, which is made after this, gets the same.
 */
function closeWithClient(socket: Socket): void {
  socket.allowHalfOpen = false;
}

/** After the handshake it may send no more, and still gets its response. */
function outliveClient(socket: TLSSocket): void {
  socket.allowHalfOpen = true;
}

/** Node tells a client that sends no certificate and one that sends a wrong one apart by the certificate alone. */
function refuseUnknownClient(socket: TLSSocket): void {
  if (!socket.authorized && Object.keys(socket.getPeerCertificate()).length > 0) socket.destroy();
}
