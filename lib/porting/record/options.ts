/** The options of `wsgi record`: --help and the checks come from here. */

import { TOKEN } from '../../environ/syntax.js';
import { ConfigError } from '../../errors.js';
import type { Kind } from '../../server/options/option-kinds.js';
import * as kinds from '../../server/options/option-kinds.js';
import { commandOption, HELP, HOST, list, type Table, type Values } from '../command-line.js';
import { parseUpstream, UPSTREAM_RULE } from './upstream.js';

const upstream: Kind<string> = {
  ...kinds.text('URL', UPSTREAM_RULE, (value) => value !== ''),
  check(value, label) {
    if (typeof value !== 'string') throw new ConfigError(`${label} must be ${UPSTREAM_RULE}`);
    parseUpstream(value);
    return value;
  },
};

const names = (what: string, accept: (name: string) => boolean) =>
  list('NAME', (name, label) => {
    if (!accept(name)) throw new ConfigError(`${label} takes ${what}, not ${JSON.stringify(name)}`);
  });

export const RECORD_OPTIONS = {
  upstream: commandOption(upstream, undefined, {
    flags: ['--upstream'],
    group: 'Recording',
    doc: 'The original: a URL without a path (http or https), or unix:PATH for a Unix socket.',
  }),
  out: commandOption(kinds.path(), undefined, {
    flags: ['-o', '--out'],
    group: 'Recording',
    doc: 'The HTTP Archive to write; bodies of more than 64 KiB go into the folder FILE.d beside it.',
  }),
  overwrite: commandOption(kinds.flag, false, {
    flags: ['--overwrite'],
    group: 'Recording',
    doc: 'Replace a recording of that name; without it, one that exists is an error.',
  }),
  bind: commandOption(kinds.bind, '127.0.0.1:8080', {
    flags: ['-b', '--bind'],
    group: 'Recording',
    doc: 'Where clients connect to: HOST, HOST:PORT, [IPV6]:PORT, :PORT for all interfaces, or unix:PATH for a Unix socket.',
  }),
  gracefulTimeout: commandOption(kinds.seconds, 5, {
    flags: ['--graceful-timeout'],
    group: 'Recording',
    doc: 'Seconds that exchanges may go on after Ctrl-C; what still runs then is recorded as far as it came.',
  }),
  forwarded: commandOption(kinds.flag, false, {
    flags: ['--forwarded'],
    group: 'What the original gets',
    doc: "Send X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host in place of the client's; otherwise requests pass as they come.",
  }),
  hostHeader: commandOption(HOST, undefined, {
    flags: ['--host-header'],
    group: 'What the original gets',
    doc: 'Send this Host instead of that of the client: for an original that serves several sites.',
  }),
  verify: commandOption(kinds.flag, true, {
    flags: ['--verify'],
    group: 'What the original gets',
    doc: 'Take any certificate of an https original.',
  }),
  redact: commandOption(kinds.flag, true, {
    flags: ['--redact'],
    group: 'Secrets',
    doc: 'Record cookies, Authorization, Proxy-Authorization and password fields as they are: the archive then has secrets.',
  }),
  redactFields: commandOption(
    names('the name of a field', (name) => name !== ''),
    [],
    {
      flags: ['--redact-field'],
      group: 'Secrets',
      doc: 'One more field of forms, JSON and queries that is a secret; may be given more than once.',
    },
  ),
  redactHeaders: commandOption(
    names('the name of a header', (name) => TOKEN.test(name)),
    [],
    {
      flags: ['--redact-header'],
      group: 'Secrets',
      doc: 'One more header that is a secret, X-Api-Key for example; may be given more than once.',
    },
  ),
  help: HELP,
} satisfies Table;

export type RecordValues = Values<typeof RECORD_OPTIONS>;
