/** A recording: the proxy, its archive and its secrets, from the first connection to the finished file. */
import { ConfigError } from '../../errors.js';
import { logger } from '../../logger.js';
import { withInherited } from '../../server/http/inherited-socket.js';
import { parseBindAddress } from '../../server/options/bind-address.js';
import { ArchiveWriter } from '../archive/write.js';
import { RecordingProxy } from './proxy.js';
import { Recorder } from './recorder.js';
import { Redaction } from './redact/redaction.js';
import { parseUpstream } from './upstream.js';

const DEFAULT_PORT = 8080;

export interface RecordOptions {
  /** The original: `http://127.0.0.1:8000`, `https://…` or `unix:/path/of/a.sock`. */
  readonly upstream: string;
  /** The HTTP Archive to write. Large bodies go into the folder `${out}.d`. */
  readonly out: string;
  /** Default: an error says that the file exists. */
  readonly overwrite?: boolean;
  /** Where clients connect to, as of `wsgi --bind`; port 0 takes a free one. Default `127.0.0.1:8080`. */
  readonly bind?: string;
  /** Send X-Forwarded-For, -Proto and -Host in place of the client's. What cannot be read is refused. Default false. */
  readonly forwarded?: boolean;
  /** Sent as Host in place of what the client sends. What cannot be read is refused. */
  readonly hostHeader?: string | undefined;
  /** False takes any certificate. Default true. */
  readonly verify?: boolean;
  /** False records secrets as they are. Default true. */
  readonly redact?: boolean;
  readonly redactFields?: readonly string[];
  readonly redactHeaders?: readonly string[];
}

export interface Recording {
  /** `http://127.0.0.1:8080`. */
  readonly address: string;
  /** Exchanges that are in the archive. */
  readonly count: number;
  /** Connections with an exchange that is not over. */
  readonly running: number;
  /** Rejects if the archive cannot be written any more: the disk is full. The traffic goes on until `close`. */
  readonly failed: Promise<never>;
  /**
   * Finishes the file.
   * @param grace seconds that exchanges may go on; WebSockets end at once. Default 5. A second call with 0 ends them.
   */
  close(grace?: number): Promise<void>;
}

/**
 * Starts a proxy in front of the original that writes every exchange to an HTTP Archive (HAR 1.2).
 * @throws ConfigError for an address that cannot be used, a file that exists or cannot be made.
 */
export async function record(options: RecordOptions): Promise<Recording> {
  const upstream = parseUpstream(options.upstream, options.verify);
  const bind = options.bind ?? `127.0.0.1:${DEFAULT_PORT}`;
  const address = parseBindAddress(bind);
  if (address === undefined)
    throw new ConfigError(`bind must be HOST:PORT or unix:PATH, not ${JSON.stringify(bind)}`);
  const { host = '127.0.0.1', port = DEFAULT_PORT, socketPath, descriptor } = address;

  const { promise: failed, fail } = failure();
  const { redact = true, redactFields: fields = [], redactHeaders: headers = [] } = options;
  const warned = new Set<string>();
  const onunseen = (sentence: string) => {
    if (!warned.has(sentence) && warned.size < 100) logger.warning(sentence);
    warned.add(sentence);
  };
  const redaction = redact ? new Redaction({ fields, headers, onunseen }) : undefined;
  const comment = redact
    ? 'Secrets are replaced by redacted-NAME-…; wsgi compare --secret NAME=VALUE puts them back'
    : 'Recorded with --no-redact: it has cookies and passwords';
  let recorder: Recorder | undefined;
  const proxy = await RecordingProxy.start({
    upstream,
    recorder: () => recorder,
    address: withInherited({ host, port, socketPath, descriptor }),
    forwarded: options.forwarded ?? false,
    hostHeader: options.hostHeader,
  });
  // Only now: an address that is in use must not cost the recording that is to be replaced.
  const archive = await openArchive(options, comment, proxy);
  recorder = new Recorder(archive, redaction, fail);
  let closed: Promise<void> | undefined;
  return {
    address: proxy.address,
    get count() {
      return archive.count;
    },
    get running() {
      return proxy.running;
    },
    failed,
    close(grace = 5) {
      if (closed !== undefined && grace === 0) proxy.stop();
      closed ??= proxy.close(grace).then(() => archive.close());
      return closed;
    },
  };
}

async function openArchive(
  { out, overwrite = false }: RecordOptions,
  comment: string,
  proxy: RecordingProxy,
): Promise<ArchiveWriter> {
  try {
    return new ArchiveWriter(out, { overwrite, comment });
  } catch (error) {
    await proxy.close(0);
    throw error;
  }
}

function failure(): { promise: Promise<never>; fail: (error: Error) => void } {
  let fail: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // A caller that awaits it gets the error; none has to.
  promise.catch(() => {});
  return { promise, fail };
}
