/** CGI scripts as lighttpd starts them. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect } from 'chai';
import { compile } from '../../support/compiled.js';
import { killLighttpd, Lighttpd } from '../../support/lighttpd.js';
import { requireProgram } from '../../support/program.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

describe('runCgi under lighttpd', function () {
  this.timeout(30_000);
  let lighttpd: Lighttpd;

  before(async function () {
    requireProgram('lighttpd', this);
    lighttpd = await Lighttpd.start(compile('spec/server/fixtures/cgi-script.ts'), { DEPLOYED: 'yes' });
  });

  after(async () => {
    await killLighttpd();
    removeTemporaryFolders();
  });

  async function open(path: string): Promise<{ message: IncomingMessage; leave(): void }> {
    // A connection that is kept would tell of the end only when it is idle for too long.
    const sent = request(`${lighttpd.url}${path}`, { agent: false }).end();
    const [message] = (await once(sent, 'response')) as [IncomingMessage];
    message.on('error', () => {});
    return { message, leave: () => sent.destroy() };
  }

  it('has the variables of the request, and those of the deployer', async () => {
    const response = await fetch(`${lighttpd.url}/environ?a=%20b`, { headers: { proxy: 'http://evil' } });
    const { environ, proxy } = (await response.json()) as {
      environ: Record<string, unknown>;
      proxy: unknown;
    };
    expect(environ).to.include({
      REQUEST_METHOD: 'GET',
      SCRIPT_NAME: '',
      PATH_INFO: '/environ',
      QUERY_STRING: 'a=%20b',
      REQUEST_URI: '/environ?a=%20b',
      SERVER_PORT: String(lighttpd.port),
      SERVER_PROTOCOL: 'HTTP/1.1',
      REMOTE_ADDR: '127.0.0.1',
      DEPLOYED: 'yes',
      'wsgi.url_scheme': 'http',
    });
    expect(environ).not.to.have.property('HTTP_PROXY');
    expect(proxy).to.equal(null);
  });

  it('has the bytes of a path that is not UTF-8', async () => {
    const response = await fetch(`${lighttpd.url}/%e9`);
    expect(response.status).to.equal(500);
    await until(() => lighttpd.log.includes('There is no /\xe9'), 'the line in the log');
  });

  for (const size of [5, 3_000_000]) {
    it(`has a body of ${size} bytes`, async () => {
      const body = Buffer.alloc(size, 'abc');
      const response = await fetch(`${lighttpd.url}/echo`, { method: 'POST', body });
      expect(Buffer.from(await response.arrayBuffer()).equals(body)).to.equal(true);
    });
  }

  it('has a body that came in chunks, with its length', async () => {
    const body = new Blob(['hello']).stream();
    const response = await fetch(`${lighttpd.url}/echo`, {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit);
    expect(await response.text()).to.equal('hello');
  });

  it('may leave a body unread', async () => {
    const body = Buffer.alloc(3_000_000, 'abc');
    expect(await (await fetch(`${lighttpd.url}/unread`, { method: 'POST', body })).text()).to.equal('unread');
  });

  it('sends each block as it comes, and ends when the client leaves', async () => {
    const { message, leave } = await open('/waits');
    const [block] = await once(message, 'data');
    expect(String(block)).to.equal('started');
    expect(lighttpd.log).not.to.include('closed');
    leave();
    await until(() => lighttpd.log.includes('aborted\nclosed\n'), 'the end of the script');
  });

  it('answers 500 where the application throws, and lighttpd has the traceback', async () => {
    expect((await fetch(`${lighttpd.url}/throws`)).status).to.equal(500);
    expect(lighttpd.log).to.match(
      /ERROR:wsgi:GET \S+: Error in the application \(received \S+Z\)\nError: boom\n {4}at /,
    );
  });

  it('shows where a response with a length was cut short', async () => {
    const { message } = await open('/throws-late');
    expect(message.headers).to.include({ 'content-length': '10' });
    const error = await message.toArray().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
  });

  it('shows no WebSocket to an application', async () => {
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
    const sent = request(`${lighttpd.url}/environ`, {
      headers: { ...headers, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    }).end();
    const [message] = (await once(sent, 'response')) as [IncomingMessage];
    const { environ } = JSON.parse(Buffer.concat(await message.toArray()).toString());
    expect(environ).not.to.have.property('wsgi.websocket');
  });
});
