/** The options of `wsgi compare`: --help and the checks come from here. */
import { ConfigError } from '../../errors.js';
import * as kinds from '../../server/options/option-kinds.js';
import { commandOption, HELP, HOST, list, type Table, type Values } from '../command-line.js';
import { reportForm } from '../report/report.js';

const target = kinds.text(
  'TARGET',
  'a URL, MODULE:CALLABLE or a command with {port}',
  (value) => value !== '',
);

const shell = kinds.text('COMMAND', 'a command', (value) => value.trim() !== '');

const reports = list('FILE', (value) => void reportForm(value));

// Not the text itself in the message: it may be the secret.
const secrets = list('NAME=VALUE', (value, label) => {
  if (value.indexOf('=') < 1) throw new ConfigError(`${label} takes NAME=VALUE, and this one has no NAME=`);
});

const rules = list('RULE', (value, label) => {
  if (value === '')
    throw new ConfigError(`${label} takes a header name, a JSON pointer, a regular expression or a file`);
});

export const COMPARE_OPTIONS = {
  original: commandOption(target, undefined, {
    flags: ['--original'],
    group: 'Targets',
    doc: 'What the port has to behave like.',
  }),
  candidate: commandOption(target, undefined, {
    flags: ['--candidate'],
    group: 'Targets',
    doc: 'The port.',
  }),
  originalThreads: commandOption(kinds.wholeNumber(0, 1024), 0, {
    flags: ['--original-threads'],
    group: 'Targets',
    doc: 'Serve an original that is MODULE:CALLABLE with N threads, for handlers that block; 0: on the event loop.',
  }),
  candidateThreads: commandOption(kinds.wholeNumber(0, 1024), 0, {
    flags: ['--candidate-threads'],
    group: 'Targets',
    doc: 'The same for the candidate.',
  }),
  host: commandOption(HOST, undefined, {
    flags: ['--host'],
    group: 'Targets',
    doc:
      'Send this Host to both sides, and in Origin and Referer where they named the recorded one. Otherwise a URL with a ' +
      'name of its own (https://staging.example.com) gets that, and all others get the recorded one.',
  }),
  verify: commandOption(kinds.flag, true, {
    flags: ['--verify'],
    group: 'Targets',
    doc: 'Take any certificate of an https URL.',
  }),
  startTimeout: commandOption(kinds.seconds, 30, {
    flags: ['--start-timeout'],
    group: 'Targets',
    doc: 'Seconds that a server may take until it accepts connections.',
  }),
  timeout: commandOption(kinds.seconds, 30, {
    flags: ['--timeout'],
    group: 'Targets',
    doc: 'Seconds that an answer may take to begin, and between its blocks; ten times that as a whole.',
  }),
  reset: commandOption(shell, undefined, {
    flags: ['--reset'],
    group: 'Passes',
    doc: 'Run this before each pass, to put back what passes change: a copy of the database, for example.',
  }),
  noise: commandOption(target, undefined, {
    flags: ['--noise'],
    group: 'Passes',
    doc: 'A second original, for an original that is a URL; without it only GET, HEAD and OPTIONS are asked twice.',
  }),
  noisePasses: commandOption(kinds.wholeNumber(0, 100), 1, {
    flags: ['--noise-passes'],
    group: 'Passes',
    doc: 'How often the original is asked again; more find what varies seldom, 0 takes nothing for noise.',
  }),
  ignore: commandOption(rules, [], {
    flags: ['--ignore'],
    group: 'Comparison',
    doc:
      'Leave out a header (ETag), a place in JSON (/items/*/id), what matches a regular expression (/[0-9]+ ms/i), or all ' +
      'that a FILE lists, one a line; may be given more than once.',
  }),
  wire: commandOption(kinds.flag, false, {
    flags: ['--wire'],
    group: 'Comparison',
    doc: 'Compare hop-by-hop fields, framing and the version of HTTP too.',
  }),
  secrets: commandOption(secrets, [], {
    flags: ['--secret'],
    group: 'Comparison',
    doc:
      'Send VALUE where the recording has redacted-NAME-…: the name of the field, cookie or header, in any case, or the ' +
      'whole replacement; may be given more than once.',
  }),
  allowDrift: commandOption(kinds.flag, false, {
    flags: ['--allow-drift'],
    group: 'Report',
    doc: 'Exit with 0 though the original answered otherwise than recorded somewhere, if nothing differs.',
  }),
  report: commandOption(reports, [], {
    flags: ['--report'],
    group: 'Report',
    doc: 'Write a report too: .json, .xml (JUnit) or .html (one page for a browser); may be given more than once.',
  }),
  help: HELP,
} satisfies Table;

export type CompareValues = Values<typeof COMPARE_OPTIONS>;
