/** PORTING.md tells the truth: its TypeScript is that of the examples, its tables name what is there. */
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Environ } from '../../lib/environ/types.js';
import { closeServers, serveApp } from '../support/serve.js';
import { exampleNames, FOLDER } from './example.js';

const PORTING = read('../../PORTING.md');
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'docs/websocket.md',
  'docs/framework.md',
  'docs/cgi.md',
  'docs/middleware.md',
  'docs/testing.md',
  'docs/frameworks.md',
  'docs/deploying.md',
  'docs/stdlib.md',
  'docs/wsgiref.md',
  'docs/compare.md',
  'docs/rooms.md',
  'docs/channels.md',
  'docs/python.md',
];
/** PORTING.md and these show the examples. */
const PAGES = [
  'README.md',
  'docs/compare.md',
  'docs/framework.md',
  'docs/frameworks.md',
  'docs/middleware.md',
  'docs/rooms.md',
  'docs/websocket.md',
];

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

/** The code blocks of a document in one language. */
function blocks(markdown: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...markdown.matchAll(fence)].map((match) => (match[1] ?? '').trim());
}

/** The part of a document below a heading, up to the next of the same or a higher level. */
function section(markdown: string, heading: string): string {
  const from = markdown.indexOf(`\n${heading}\n`);
  expect(from, heading).to.be.greaterThan(-1);
  const rest = markdown.slice(from + heading.length + 2);
  const end = rest.search(/^##? /m);
  return end === -1 ? rest : rest.slice(0, end);
}

/** GitHub's: lower case, no punctuation, dashes for spaces. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

describe('PORTING.md', () => {
  const sources = new Map(exampleNames().map((name) => [name, readFileSync(`${FOLDER}${name}.ts`, 'utf8')]));

  it('shows TypeScript that an example holds, word for word', () => {
    const found = blocks(PORTING, 'ts');
    expect(found.length).to.be.greaterThan(30);
    for (const block of found) {
      const holders = [...sources.values()].filter((source) => source.includes(block));
      expect(holders, block).not.to.deep.equal([]);
    }
  });

  it('is not the only one to do so', () => {
    for (const document of PAGES) {
      for (const block of blocks(read(`../../${document}`), 'ts')) {
        expect(
          [...sources.values()].some((source) => source.includes(block)),
          block,
        ).to.equal(true);
      }
    }
  });

  it('shows something of every example, or a page of docs/ does', () => {
    const pages = PAGES.filter((name) => name.startsWith('docs/')).map((name) => read(`../../${name}`));
    const found = [PORTING, ...pages].flatMap((page) => blocks(page, 'ts'));
    for (const [name, source] of sources) {
      expect(
        found.some((block) => source.includes(block)),
        name,
      ).to.equal(true);
    }
  });

  it('explains every key of an environ', async () => {
    const seen = new Set<string>();
    const server = await serveApp((environ: Environ, start_response) => {
      for (const key of Object.keys(environ)) if (!key.startsWith('HTTP_')) seen.add(key);
      start_response('200 OK', []);
      return [];
    });
    await fetch(`http://127.0.0.1:${server.serverPort}/`, { method: 'POST', body: 'x' });
    await closeServers();
    const table = section(PORTING, '## Every key of environ');
    for (const key of [...seen, 'HTTP_*', 'wsgi.websocket', 'wsgi.websocket_version']) {
      expect(table).to.include(`\`${key}\``);
    }
    expect([...seen]).to.include.members([
      'REMOTE_PORT',
      'CONTENT_LENGTH',
      'wsgi.early_hints',
      'node.abort_signal',
    ]);
  });

  it('lists the known differences that the request vectors show, and no others', () => {
    const known = /KNOWN_DIFFERENCES[^{]*\{(.*?)\n\};/s.exec(read('../server/vectors.ts'))?.[1] ?? '';
    const ids = [...known.matchAll(/^ {2}'([\w-]+)':/gm)].map((match) => match[1]);
    expect(ids).not.to.deep.equal([]);
    const table = section(PORTING, '## Differences that node:http decides');
    const listed = [...table.matchAll(/`([a-z]+-[\w-]+)`/g)].map((match) => match[1]);
    expect(listed.sort()).to.deep.equal(ids.sort());
  });
});

describe('the documents', () => {
  for (const name of ['PORTING.md', ...DOCUMENTS]) {
    it(`${name} links to what is there`, () => {
      const text = read(`../../${name}`);
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path = '', fragment] = target.split('#');
        const folder = name.includes('/') ? `${name.slice(0, name.lastIndexOf('/'))}/` : '';
        expect(existsSync(new URL(`../../${folder}${path}`, import.meta.url)), target).to.equal(true);
        if (fragment === undefined) continue;
        const linked = path === '' ? text : read(`../../${folder}${path}`);
        const anchors = [...linked.matchAll(/^#+ (.*)$/gm)].map((match) => anchor(match[1] ?? ''));
        expect(anchors, target).to.include(fragment);
      }
    });
  }
});
