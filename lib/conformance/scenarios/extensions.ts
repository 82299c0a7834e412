/** wsgi.errors (A11), wsgi.early_hints (E5), and applications that answer late (E1). */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EarlyHints, ErrorStream } from '../../environ/types.js';
import { CLOSE, eventually, get, get10, nameOf, PLAIN, report, text, texts } from '../messages.js';
import { type Scenario, scenario } from '../scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'wsgi-conformance-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const errorLog = join(folder, 'errors.log');
const flushLog = join(folder, 'flush.log');

const LINKS = [
  ['Link', '</style.css>; rel=preload; as=style'],
  ['Link', '</script.js>; rel=preload; as=script'],
] as const;

export const extensions: Scenario[] = [
  scenario({
    id: 'A-180',
    name: 'has wsgi.errors, which writes text as it is, whatever is in it, and after close() too',
    covers: ['A-181', 'A-182', 'A-184'],
    needs: ['server'],
    options: { errorLogfile: errorLog },
    app: () => {
      // Of the gateway before this one.
      rmSync(errorLog, { force: true });
      return report((environ) => {
        const errors = environ['wsgi.errors'] as ErrorStream & { close?(): void };
        errors.write('one\ntwo');
        errors.writelines([' three\n', 'four \u20ac\n']);
        errors.write('\ud800 lone\n');
        errors.close?.();
        errors.write('after close\n');
      });
    },
    request: get('/', CLOSE),
    connection: 'closed',
    check: async () => {
      await eventually(() => readFileSync(errorLog, 'utf8').endsWith('after close\n'), 'the log');
      assert.equal(readFileSync(errorLog, 'utf8'), 'one\ntwo three\nfour \u20ac\n\ufffd lone\nafter close\n');
    },
  }),
  scenario({
    id: 'A-183',
    name: 'has written out what went to wsgi.errors when flush() returns',
    needs: ['server'],
    options: { errorLogfile: flushLog },
    app: () =>
      report((environ) => {
        environ['wsgi.errors'].write('urgent\n');
        environ['wsgi.errors'].flush();
        const written = readFileSync(flushLog, 'utf8');
        // For the next gateway in this process.
        rmSync(flushLog);
        return written;
      }),
    request: get('/', CLOSE),
    connection: 'closed',
    check: ({ json }) => assert.equal(json, 'urgent\n'),
  }),
  scenario({
    id: 'A-185',
    name: 'logs what an application throws where wsgi.errors goes',
    covers: ['A-253'],
    needs: ['server'],
    options: { errorLogfile: join(folder, 'failure.log') },
    app: () => (environ) => {
      environ['wsgi.errors'].write('about to fail\n');
      throw new Error('as announced');
    },
    connection: 'closed',
    check: ({ first }) => {
      assert.equal(first.status, 500);
      const logged = readFileSync(join(folder, 'failure.log'), 'utf8');
      assert.match(
        logged,
        /^about to fail\n.*Error in the application \(received \S+Z\)\nError: as announced\n +at /,
      );
    },
  }),
  scenario({
    id: 'E-018',
    name: 'has the methods of PEP 3333 on its streams',
    covers: ['A-150', 'A-180'],
    app: () =>
      report((environ) => {
        const { 'wsgi.errors': errors, 'wsgi.input': input } = environ;
        return [
          ...(['write', 'writelines', 'flush'] as const).map((name) => typeof errors[name]),
          ...(['read', 'readline', 'readlines'] as const).map((name) => typeof input[name]),
        ];
      }),
    check: ({ json }) => assert.deepEqual(json, Array(6).fill('function')),
  }),
  scenario({
    id: 'E-174',
    name: 'sends early hints as often as it is told, in front of the response',
    needs: ['early-hints'],
    app: () => async (environ, start_response) => {
      const hints = environ['wsgi.early_hints'] as EarlyHints;
      hints([LINKS[0]]);
      hints(LINKS);
      start_response('200 OK', PLAIN);
      return texts('page');
    },
    check: ({ interim, body }) => {
      assert.deepEqual(
        interim.map(({ status }) => status),
        [103, 103],
      );
      const sent = interim.map(({ rawHeaders }) => rawHeaders);
      assert.deepEqual(sent, [[LINKS[0]], LINKS]);
      assert.equal(body, 'page');
    },
  }),
  scenario({
    id: 'E-175',
    name: 'sends no early hints to HTTP/1.0',
    needs: ['early-hints', 'http10'],
    app: () => (environ, start_response) => {
      environ['wsgi.early_hints']?.(LINKS);
      start_response('200 OK', PLAIN);
      return texts('page');
    },
    request: get10(),
    connection: 'closed',
    check: ({ interim, first, raw }) => {
      assert.deepEqual(interim, []);
      assert.equal(first.status, 200);
      assert.ok(!raw.toString().includes('style.css'));
    },
  }),
  scenario({
    id: 'E-176',
    name: 'sends no early hints after the head of the response',
    needs: ['early-hints'],
    app: () =>
      async function* (environ, start_response) {
        start_response('200 OK', PLAIN);
        environ['wsgi.early_hints']?.(LINKS.slice(0, 1));
        yield text('one ');
        environ['wsgi.early_hints']?.(LINKS);
        yield text('two');
        environ['wsgi.early_hints']?.(LINKS);
      },
    check: ({ interim, body }) => {
      assert.equal(interim.length, 1);
      assert.equal(body, 'one two');
    },
  }),
  scenario({
    id: 'E-177',
    name: 'refuses early hints that would inject a header',
    needs: ['early-hints'],
    app: () =>
      report((environ) => {
        const attempt = (name: string, value: string) => {
          try {
            environ['wsgi.early_hints']?.([[name, value]]);
            return 'sent';
          } catch (error) {
            return nameOf(error);
          }
        };
        const bad = [attempt('Link', 'a\r\nX-Injected: 1'), attempt('Link: a\r\nX-Injected', '1')];
        return [...bad, attempt('Connection', 'close'), attempt('Link', '\u20ac')];
      }),
    check: ({ interim, raw, json }) => {
      assert.deepEqual(json, Array(4).fill('ApplicationError'));
      assert.deepEqual(interim, []);
      assert.doesNotMatch(raw.toString(), /x-injected/i);
    },
  }),
  scenario({
    id: 'E-028',
    name: 'takes an application that answers with a promise',
    app: () => async (environ, start_response) => {
      await new Promise((resolve) => setImmediate(resolve));
      start_response('200 OK', PLAIN);
      return texts(`Hello, ${environ.QUERY_STRING}`);
    },
    request: get('/?name=miyagawa'),
    check: ({ body }) => assert.equal(body, 'Hello, name=miyagawa'),
  }),
];
