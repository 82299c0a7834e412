/** Request heads for the specs of environ. */
import { expect } from 'chai';
import {
  buildEnviron,
  type ConnectionFacts,
  type GatewayFacts,
  type RequestHead,
} from '../../lib/environ/environ.js';
import { TextErrorStream } from '../../lib/environ/error-stream.js';
import { fileWrapper } from '../../lib/environ/file/file-wrapper.js';
import { BodyInput } from '../../lib/environ/input/input.js';
import type { Environ } from '../../lib/environ/types.js';
import { RequestError } from '../../lib/errors.js';

export const CONNECTION: ConnectionFacts = {
  scheme: 'http',
  remoteAddr: '192.0.2.1',
  remotePort: '40000',
  serverName: 'server.example',
  serverPort: '8000',
};

export const GATEWAY: GatewayFacts = {
  serverSoftware: 'wsgi/test',
  multithread: false,
  multiprocess: false,
  runOnce: false,
  nonblocking: true,
  errors: new TextErrorStream(),
  fileWrapper,
  scriptName: '',
  baseEnviron: undefined,
};

export type Headers = readonly (readonly [name: string, value: string])[];
export const HOST: Headers = [['Host', 'h.example']];

export function head(line: string, headers: Headers): RequestHead {
  const [method = '', url = '', version = ''] = line.split(' ');
  const [major = 0, minor = 0] = version.slice('HTTP/'.length).split('.').map(Number);
  return { method, url, httpVersionMajor: major, httpVersionMinor: minor, rawHeaders: headers.flat() };
}

export function build(
  line: string,
  headers: Headers = HOST,
  connection: Partial<ConnectionFacts> = {},
  gateway: Partial<GatewayFacts> = {},
): Environ {
  return buildEnviron(
    head(line, headers),
    { ...CONNECTION, ...connection },
    { ...GATEWAY, ...gateway },
    { input: new BodyInput() },
  );
}

export function refusal(...args: Parameters<typeof build>): RequestError {
  try {
    build(...args);
  } catch (error) {
    expect(error).to.be.instanceOf(RequestError);
    return error as RequestError;
  }
  throw new Error('Expected the request to be refused');
}
