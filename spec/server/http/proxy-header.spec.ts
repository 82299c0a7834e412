/** Connections that begin with a header of the PROXY protocol. */
import { once } from 'node:events';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import { ProxyHeaderFault, parseProxyHeader } from '../../../lib/server/http/proxy-header-syntax.js';
import type { ServerOptions } from '../../../lib/server/options/options.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { TLS } from '../../support/tls.js';
import { Threads } from '../threads/support.js';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** A header of version 2. */
function binary(command: number, family: number, rest: readonly number[] | Buffer = []): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(rest.length);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family]), size, Buffer.from(rest)]);
}

const IPV4 = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb];
const IPV6 = [
  ...[0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 1],
  ...[0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 2],
  ...[0xdc, 0x04, 0x01, 0xbb],
] as number[];
const TLV = [0x04, 0x00, 0x02, 0, 0];

const V1 = 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n';
const V2 = binary(0x21, 0x11, [...IPV4, ...TLV]);

const CLIENT = {
  REMOTE_ADDR: '192.0.2.1',
  REMOTE_PORT: '56324',
  PROXY_ADDR: '198.51.100.1',
  PROXY_PORT: '443',
};

let seen: Environ[] = [];
const app: Application = async (environ, start_response) => {
  seen.push(environ);
  const websocket = environ['wsgi.websocket'];
  if (websocket !== undefined) {
    await websocket.receive();
    return [];
  }
  return answer(start_response, 'hello');
};

async function serve(options: ServerOptions = {}): Promise<number> {
  const { serverPort } = await serveApp(app, { proxyProtocol: 'auto', ...options });
  return serverPort;
}

/** What environ says after these bytes and a request; undefined: the connection was closed without an answer. */
async function environAfter(
  port: number | string,
  ...parts: (string | Buffer)[]
): Promise<Environ | undefined> {
  const peer = await Peer.connect(port);
  await peer.sendApart([...parts, request()]).catch(() => {});
  await peer.until(() => peer.ended || seen.length > 0, 'an end');
  return seen[0];
}

describe('a header of the PROXY protocol', () => {
  beforeEach(() => {
    seen = [];
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
    removeTemporaryFolders();
  });

  it('names the client in version 1, as gunicorn has it', async () => {
    const port = await serve();
    const environ = await environAfter(port, V1);
    expect(environ).to.include({ ...CLIENT, PROXY_PROTOCOL: 'TCP4' });
    expect(environ).to.include({ SERVER_NAME: '127.0.0.1', SERVER_PORT: String(port) });
  });

  it('names the client in version 2, and what follows the addresses is skipped', async () => {
    expect(await environAfter(await serve(), V2)).to.include({ ...CLIENT, PROXY_PROTOCOL: 'TCP4' });
  });

  it('has IPv6 addresses as the system spells them', async () => {
    const port = await serve();
    const expected = { REMOTE_ADDR: '2001:db8::1', PROXY_ADDR: '2001:db8::2', PROXY_PROTOCOL: 'TCP6' };
    expect(await environAfter(port, binary(0x21, 0x21, IPV6))).to.include(expected);
    seen = [];
    const line = 'PROXY TCP6 2001:0DB8:0::1 2001:db8::0:2 1 2\r\n';
    expect(await environAfter(port, line)).to.include(expected);
  });

  it('may come byte by byte', async () => {
    const port = await serve();
    expect(await environAfter(port, ...[...V2].map((byte) => Buffer.from([byte])))).to.include(CLIENT);
    seen = [];
    expect(await environAfter(port, ...V1)).to.include(CLIENT);
  });

  it('may come in one packet with requests', async () => {
    const port = await serve();
    const peer = await Peer.connect(port);
    await peer.send(Buffer.concat([V2, Buffer.from(request('/1') + request('/2'))]));
    await peer.responses(2);
    await peer.send(request('/3'));
    await peer.responses(3);
    expect(seen.map(({ PATH_INFO, REMOTE_ADDR }) => `${PATH_INFO} ${REMOTE_ADDR}`)).to.deep.equal([
      '/1 192.0.2.1',
      '/2 192.0.2.1',
      '/3 192.0.2.1',
    ]);
  });

  it('leaves the limit of a request head in force', async () => {
    const peer = await Peer.connect(await serve({ limitRequestHead: 2000 }));
    await peer.send(Buffer.concat([V2, Buffer.from(request('/', { headers: [`A: ${'a'.repeat(5000)}`] }))]));
    expect((await peer.response()).status).to.equal(431);
  });

  for (const [what, header, protocol] of [
    ['LOCAL', binary(0x20, 0x00, TLV), 'LOCAL'],
    ['LOCAL with addresses', binary(0x20, 0x11, IPV4), 'LOCAL'],
    ['an unspecified family', binary(0x21, 0x00, TLV), 'UNSPEC'],
    ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), 'UNKNOWN'],
    ['UNKNOWN with more', Buffer.from('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), 'UNKNOWN'],
  ] as const) {
    it(`with ${what} leaves the address of the connection`, async () => {
      const environ = await environAfter(await serve(), header);
      expect(environ).to.include({ REMOTE_ADDR: '127.0.0.1', PROXY_PROTOCOL: protocol });
      expect(environ).not.to.have.any.keys('PROXY_ADDR', 'PROXY_PORT');
      expect(environ?.REMOTE_PORT).to.match(/^\d+$/);
    });
  }

  it('names a client of a Unix socket, which has no address', async () => {
    const environ = await environAfter(await serve(), binary(0x21, 0x31, Buffer.alloc(216)));
    expect(environ)
      .to.include({ REMOTE_ADDR: '', PROXY_PROTOCOL: 'UNIX' })
      .and.not.have.property('REMOTE_PORT');
  });

  const wrong: [string, Buffer | string, RegExp][] = [
    ['none', '', /does not begin with a header/],
    ['a line of too few words', 'PROXY TCP4 192.0.2.1\r\n', /'PROXY TCP4 192\.0\.2\.1'/],
    ['an address that is none', V1.replace('192.0.2.1', '192.0.2.256'), /is wrong/],
    ['an address of the other family', V1.replace('TCP4', 'TCP6'), /is wrong/],
    ['a port that is none', V1.replace('443', '65536'), /is wrong/],
    ['a line without end', `PROXY TCP4 ${'1'.repeat(200)}`, /does not end within 107 bytes/],
    ['another version', binary(0x11, 0x11, IPV4), /version and command are 0x11/],
    ['another command', binary(0x22, 0x11, IPV4), /version and command are 0x22/],
    ['datagrams', binary(0x21, 0x12, IPV4), /family and transport are 0x12/],
    ['too few bytes', binary(0x21, 0x21, IPV4), /12 bytes are too few for addresses of TCP6/],
  ];
  for (const [what, header, expected] of wrong) {
    it(`that is wrong closes the connection and is logged: ${what}`, async () => {
      const log = await captureLog(async () => {
        expect(await environAfter(await serve(), header)).to.equal(undefined);
      });
      expect(log).to.match(/^WARNING:wsgi:A connection from 127\.0\.0\.1 port \d+ was closed: [ -~]+\n$/);
      expect(log).to.match(expected);
    });
  }

  it('that never ends is waited for only as long as the headers of a request', async () => {
    const log = await captureLog(async () => {
      const peer = await Peer.connect(await serve({ headersTimeout: 0.3 }));
      await peer.send(V1.slice(0, 10));
      await peer.until(() => peer.ended, 'an end');
    });
    expect(log).to.match(/did not come to its end within 0\.3 s\n$/);
  });

  it('that breaks off is logged, and a client that comes and goes is not', async () => {
    const log = await captureLog(async () => {
      const port = await serve();
      const [silent, broken] = [await Peer.connect(port), await Peer.connect(port)];
      silent.socket.end();
      broken.socket.end(V1.slice(0, 10));
      await silent.until(() => silent.ended, 'an end');
      await broken.until(() => broken.ended, 'an end');
    });
    expect(log).to.match(/^.*it ended within its header of the PROXY protocol\n$/);
  });

  it('of one version is wrong where the other one is asked for', async () => {
    await captureLog(async () => {
      expect(await environAfter(await serve({ proxyProtocol: 'v1' }), V2)).to.equal(undefined);
      expect(await environAfter(await serve({ proxyProtocol: 'v2' }), V1)).to.equal(undefined);
      expect(await environAfter(await serve({ proxyProtocol: 'v1' }), V1)).to.include(CLIENT);
    });
  });

  it('of a peer that is not trusted closes the connection; without one it is served', async () => {
    const log = await captureLog(async () => {
      const port = await serve({ proxyAllowFrom: ['10.0.0.0/8'] });
      expect(await environAfter(port, V1)).to.equal(undefined);
      expect(await environAfter(port, V2)).to.equal(undefined);
      const environ = await environAfter(port);
      expect(environ).to.include({ REMOTE_ADDR: '127.0.0.1' }).and.not.have.property('PROXY_PROTOCOL');
    });
    expect(log.match(/is not one of those that may send it \(proxy-allow-from\)/g)).to.have.length(2);
  });

  it('of a peer that is not trusted is refused as soon as it is known for one', async () => {
    const log = await captureLog(async () => {
      const port = await serve({ proxyAllowFrom: ['10.0.0.0/8'] });
      expect(await environAfter(port, binary(0x21, 0x11, Buffer.alloc(60_000)).subarray(0, 20))).to.equal(
        undefined,
      );
    });
    expect(log).to.match(/proxy-allow-from/);
  });

  it('comes before TLS', async () => {
    const port = await serve(TLS);
    const raw = await Peer.connect(port);
    await raw.send(V2.subarray(0, 20));
    await raw.send(V2.subarray(20));
    raw.socket.removeAllListeners('data');
    const socket = connectTls({ socket: raw.socket, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write(request());
    await once(socket, 'data');
    expect(seen[0]).to.include({ ...CLIENT, 'wsgi.url_scheme': 'https' });
    socket.destroy();
  });

  it('goes with WebSockets', async () => {
    const port = await serve();
    const peer = await Peer.connect(port);
    await peer.send(V1);
    await peer.send(
      request('/', {
        headers: [
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
        ],
      }),
    );
    await peer.got('101 Switching Protocols');
    expect(seen[0]).to.include(CLIENT);
  });

  it('goes with threads', async () => {
    const threads = await Threads.start({ proxyProtocol: 'auto' });
    try {
      const peer = await Peer.connect(threads.port);
      await peer.send(V1 + request('/environ'));
      expect(JSON.parse(String((await peer.response()).body))).to.include({
        ...CLIENT,
        PROXY_PROTOCOL: 'TCP4',
      });
    } finally {
      await threads.stop();
    }
  });

  it('is trusted on a Unix socket, but X-Forwarded-For of the client that it names is not', async () => {
    const path = join(temporaryFolder(), 's');
    const { makeServer } = await import('../../../lib/server/server.js');
    const server = await makeServer(`unix:${path}`, 0, app, {
      proxyProtocol: 'auto',
      forwardedAllowIps: ['127.0.0.1'],
    });
    try {
      const peer = await Peer.connect(path);
      await peer.send(V1 + request('/', { headers: ['X-Forwarded-For: 1.2.3.4'] }));
      await peer.response();
      expect(seen[0]).to.include(CLIENT);
    } finally {
      closePeers();
      await server.close();
    }
  });

  it('is not read by default', async () => {
    const { serverPort } = await serveApp(app);
    const peer = await Peer.connect(serverPort);
    await peer.send(V1 + request());
    expect((await peer.response()).status).to.equal(400);
    expect(seen).to.deep.equal([]);
  });

  it('does not hold up a stop', async () => {
    const server = await serveApp(app, { proxyProtocol: 'auto', gracefulTimeout: 20 });
    const peer = await Peer.connect(server.serverPort);
    await peer.send(V1.slice(0, 10));
    await server.close();
    await peer.until(() => peer.ended, 'an end');
    expect(peer.text).to.equal('');
  });
});

describe('parseProxyHeader', () => {
  it('waits for the rest at every byte', () => {
    for (const header of [V2, Buffer.from(V1), binary(0x21, 0x21, IPV6)]) {
      for (let i = 0; i < header.length; i++) {
        expect(parseProxyHeader(header.subarray(0, i), ['v1', 'v2']), `${i}`).to.equal('incomplete');
      }
      expect(parseProxyHeader(Buffer.concat([header, header]), ['v1', 'v2'])).to.include({
        length: header.length,
      });
    }
  });

  it('finds none as soon as that is sure', () => {
    for (const text of ['G', 'PO', 'PROXYX', '\r\n\r\nG', '\x16\x03']) {
      expect(parseProxyHeader(Buffer.from(text), ['v1', 'v2']), text).to.equal('none');
    }
  });

  it('throws nothing but ProxyHeaderFault, whatever comes', () => {
    let state = 1;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state;
    };
    for (let i = 0; i < 2000; i++) {
      const bytes = Buffer.from([V2, Buffer.from(V1)][i % 2] as Buffer);
      for (let n = random() % 4; n >= 0; n--) bytes[12 - 12 * (i % 2) + (random() % 30)] = random() % 256;
      try {
        parseProxyHeader(bytes, ['v1', 'v2']);
      } catch (error) {
        expect(error).to.be.instanceOf(ProxyHeaderFault);
      }
    }
  });
});
