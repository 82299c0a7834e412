/** The package as a user gets it: packed, installed in an empty folder, run and type-checked there. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { command, expectServes, readmeBlock } from './support/package.js';
import { ROOT } from './support/source.js';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-folder.js';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

const CONSUMER = `import {
  type Application,
  type BlockingWebSocket,
  type Environ,
  type FrameworkStartResponse,
  type Logger,
  logger,
  makeServer,
  parseForm,
  run,
  type Server,
  type ServerOptions,
  sleep,
  type WebSocket,
  WebSocketError,
  type WsgiErrorCode,
  WSocketApp,
} from 'wsgi';
import { type ConformanceResult, runConformance } from 'wsgi/conformance';
import { urllib } from 'wsgi/stdlib';
import { parse_qs, parse_qsl, quote, type SplitResult, urlencode, urlsplit } from 'wsgi/stdlib/urllib/parse';
import { Client, type TestResponse } from 'wsgi/testing';
import { wsgiResponses } from 'wsgi/testing/chai';

declare module 'wsgi' {
  interface EnvironExtensions {
    'myapp.user'?: { readonly name: string };
  }
}

const app = new WSocketApp(null, ['v1.chat']);

app.route('/')(async (environ, start_response) => {
  const wsock = environ['wsgi.websocket'];
  if (!wsock) {
    start_response(200, { 'X-A': 'b' });
    return ['Hello ', Buffer.from('world'), 2020];
  }
  try {
    const message: string | Buffer | null = await wsock.receive();
    if (message !== null) await wsock.send(message);
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error;
    const gone: WsgiErrorCode = 'WSGI_ERR_WEBSOCKET_CLOSED';
    // @ts-expect-error: a code that does not exist
    if (error.code !== gone && error.code !== 'WSGI_ERR_WEBSOKET') throw error;
  }
  await sleep(0.1);
  return undefined;
});
app.onmessage.add((message, client) => client.send(message));

class Site extends WSocketApp {
  override notFound(environ: Environ, start_response: FrameworkStartResponse): string {
    start_response(404);
    return environ.PATH_INFO;
  }
}

const plain: Application = async (environ, start_response) => {
  const host: string | undefined = environ.HTTP_HOST;
  const form = await parseForm(environ);
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(form.fields.get('a') ?? host ?? '')];
};

const keys: Application = (environ, start_response) => {
  const user: string | undefined = environ['myapp.user']?.name ?? environ.REMOTE_USER;
  const other: unknown = environ['other.extension'];
  const all: Readonly<Record<string, unknown>> = environ;
  // @ts-expect-error: a key that is misspelt
  const method = environ.REQUEST_METHD;
  // @ts-expect-error: of another type than was declared
  environ['myapp.user'] = user;
  start_response('200 OK', []);
  return [Buffer.from(String([other, all.length, method]))];
};
const blocking: Application<'blocking'> = (environ) => {
  const wsock: WebSocket<'blocking'> | undefined = environ['wsgi.websocket'];
  const known: BlockingWebSocket | undefined = wsock;
  return [environ['wsgi.input'].read(), Buffer.from(known?.receive(2) ?? '')];
};
const either: Application<'either'> = async (environ) => [await environ['wsgi.input'].read()];
export const sites = [keys, new WSocketApp<'blocking'>(blocking), new WSocketApp(either)];

const log: Logger = logger;
log.setLevel(10);
const options: ServerOptions = { port: undefined };
const made: Promise<Server> = makeServer('', 0, plain, options);
const server = await made;
server.setApp(new Site());
await server.close();
await run(app, { port: 0 });
// @ts-expect-error: an option that does not exist
await run(app, { prot: 0 });

// @ts-expect-error: a gateway makes them
new WebSocket();
// @ts-expect-error: a gateway makes them
new BlockingWebSocket();

const response: TestResponse = await new Client(plain).post('/', { form: { a: 1 }, headers: new Headers() });
const text: string = response.text;
const results: ConformanceResult[] = await runConformance({
  start: async (tested, options) => {
    const gateway = await makeServer('127.0.0.1', 0, tested, options);
    return { url: gateway.address, close: () => gateway.close() };
  },
});
export const told = [text, results, wsgiResponses.length];

const d = parse_qs('a=1', { keep_blank_values: true });
const first: string | undefined = d.get('a', [''])[0];
const parts: SplitResult = urlsplit('//h', 'http', { allow_fragments: false });
const [scheme, netloc] = parts;
const host: string = netloc;
const ofBytes: [Buffer, Buffer][] = parse_qsl(Buffer.from('a=1'), true, { max_num_fields: 2 });
// @ts-expect-error: an argument that it does not have
parse_qs('', { keep_blanks: true });
export const queries = [first, scheme, host, parts._replace({ path: '/' }).geturl(), ofBytes];
export const links = [quote('a', ''), urlencode({ a: [1] }, { doseq: true }), urllib.parse.urljoin('/a', 'b')];
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  },
  files: ['consumer.mts'],
};

describe('the package', function () {
  this.timeout(120_000);
  let folder: string;
  let packed: Packed;

  before(() => {
    expect(existsSync(join(ROOT, 'dist', 'index.js')), 'dist: npm run build first').to.equal(true);
    folder = temporaryFolder({
      'package.json': '{ "private": true }',
      'app.mjs': readmeBlock('app.mjs'),
      'serve.mjs': readmeBlock('serve.mjs').replace('port: 8000', 'port: 0'),
      'consumer.mts': CONSUMER,
      'tsconfig.json': JSON.stringify(TSCONFIG),
    });
    const told = command('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT);
    [packed] = JSON.parse(told) as [Packed];
    command(
      'npm',
      ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${packed.filename}`],
      folder,
    );
  });

  after(removeTemporaryFolders);

  it('holds what was built, the documents, and nothing else', () => {
    const built = readdirSync(join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' })
      .map((file) => `dist/${file.replaceAll('\\', '/')}`)
      .filter((file) => /\.([jt]s|py)$/.test(file));
    const shown = ['docs', 'examples'].flatMap((name) =>
      readdirSync(join(ROOT, name), { recursive: true, encoding: 'utf8', withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/')),
    );
    const documents = ['CHANGELOG', 'CONTRIBUTING', 'PORTING', 'README', 'SECURITY'].map(
      (name) => `${name}.md`,
    );
    const expected = [...built, ...shown, ...documents, 'LICENSE', 'package.json'];
    expect(packed.files.map(({ path }) => path).sort()).to.deep.equal(expected.sort());
    const rest = packed.files.filter(({ path }) => !path.startsWith('examples/'));
    const odd = rest.filter(
      ({ path }) =>
        !/\.(d\.ts|js|md|py)$|^docs\/(demo\.png|speed\.svg)$|^LICENSE$|^package\.json$/.test(path),
    );
    expect(odd).to.deep.equal([]);
  });

  it('has what the links of its documents lead to', () => {
    const root = join(folder, 'node_modules', 'wsgi');
    const pages = packed.files.map(({ path }) => path).filter((path) => path.endsWith('.md'));
    const missing: string[] = [];
    let links = 0;
    for (const page of pages) {
      const text = readFileSync(join(root, page), 'utf8').replace(/^ *```.*?^ *```/gms, '');
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:|^#/i.test(target)) continue;
        links++;
        const path = join(root, dirname(page), decodeURI(target.replace(/#.*/, '')));
        if (!existsSync(path)) missing.push(`${page}: ${target}`);
      }
    }
    expect(missing).to.deep.equal([]);
    expect(links).to.be.above(20);
  });

  it('was built of every file of lib as it is now, each entry a file and the rest in few', () => {
    const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' });
    const types = sources
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `dist/${file.slice(0, -3).replaceAll('\\', '/')}.d.ts`);
    const paths = packed.files.map(({ path }) => path);
    expect(paths).to.include.members(types);
    const code = paths.filter((path) => /^dist\/.*\.js$/.test(path));
    expect(code.length).to.be.below(types.length / 2);
    const packageFile = readFileSync(join(ROOT, 'package.json'), 'utf8');
    const entries = [...packageFile.matchAll(/"\.\/(dist\/[^"]+\.js)"/g)].map(([, path]) => path as string);
    expect(code).to.include.members(entries);
  });

  it('brings two packages along', () => {
    const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(installed.sort()).to.deep.equal(['busboy', 'streamsearch', 'ws', 'wsgi']);
  });

  it('serves the application of the README', async () => {
    await expectServes(process.execPath, ['serve.mjs'], folder);
  });

  it('has a command, which serves it too', async () => {
    await expectServes('npx', ['--no-install', 'wsgi', 'app.mjs:app', '--bind', '127.0.0.1:0'], folder);
  });

  it('tells its version', () => {
    const told = command('npx', ['--no-install', 'wsgi', '--version'], folder);
    expect(told).to.match(/^wsgi \d+\.\d+\.\d+\n$/);
  });

  it('has types that a strict project with @types/node and nothing else accepts', () => {
    const types = join(folder, 'node_modules', '@types');
    mkdirSync(types, { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', '@types', 'node'), join(types, 'node'), 'junction');
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = [tsc, '-p', '.', '--pretty', 'false', '--listFiles'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line.includes('error TS'))).to.deep.equal([]);
    expect(lines.some((line) => line.endsWith('/wsgi/dist/index.d.ts'))).to.equal(true);
    // A folder above the temporary one may have types that hide what is missing.
    const others = lines.filter((line) => /\/@types\/(?!node\/)/.test(line));
    expect(others).to.deep.equal([]);
  });
});
