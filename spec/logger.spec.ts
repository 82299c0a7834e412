import { expect } from 'chai';
import { describeThrown, Logger, logger } from '../lib/logger.js';

describe('Logger', () => {
  let lines: string[];
  let log: Logger;
  beforeEach(() => {
    lines = [];
    log = new Logger('name');
    log.stream = { write: (text) => lines.push(text) };
  });

  it('writes LEVEL:name:message lines, warnings and above unless told otherwise', () => {
    log.debug('d');
    log.info('i');
    log.warning('w');
    log.error('e');
    log.critical('c');
    expect(lines).to.deep.equal(['WARNING:name:w\n', 'ERROR:name:e\n', 'CRITICAL:name:c\n']);
  });

  it('writes everything from level 10', () => {
    log.setLevel(10);
    log.debug('d');
    log.info('i');
    expect(lines).to.deep.equal(['DEBUG:name:d\n', 'INFO:name:i\n']);
  });

  it('takes levels by number and by name', () => {
    for (const [given, level] of [
      [5, 5],
      [40, 40],
      ['debug', 10],
      ['INFO', 20],
      ['Critical', 50],
    ] as const) {
      log.setLevel(given);
      expect(log.level).to.equal(level);
    }
  });

  it('refuses unknown levels and names the known ones', () => {
    for (const bad of ['loud', '', Number.NaN, null, undefined]) {
      expect(() => log.setLevel(bad as string)).to.throw(TypeError, /debug \(10\)/);
    }
    expect(log.level).to.equal(30);
  });

  it('tells whether a level is enabled, and whether it is debugging', () => {
    expect([log.isEnabledFor(29), log.isEnabledFor(30), log.debugging]).to.deep.equal([false, true, false]);
    log.setLevel(10);
    expect([log.isEnabledFor(10), log.debugging]).to.deep.equal([true, true]);
    log.setLevel(11);
    expect(log.debugging).to.equal(false);
  });

  it('joins further arguments, and shows what is not text', () => {
    log.error('a', { b: 1 }, null, 2);
    expect(lines).to.deep.equal(['ERROR:name:a { b: 1 } null 2\n']);
  });

  it('names a level that has no name by its number', () => {
    log.log(35, 'x');
    expect(lines).to.deep.equal(['Level 35:name:x\n']);
  });

  it('writes the stack of an exception below its message', () => {
    log.exception('failed', new Error('why', { cause: new Error('because') }));
    expect(lines.join('')).to.match(/^ERROR:name:failed\nError: why\n {4}at .*logger\.spec\.ts/);
    expect(lines.join('')).to.contain('because');
  });

  it('writes the message of an exception alone if there is nothing to show', () => {
    log.exception('failed');
    expect(lines).to.deep.equal(['ERROR:name:failed\n']);
  });

  it('drops an exception below its level', () => {
    log.setLevel(50);
    log.exception('failed', new Error('x'));
    expect(lines).to.deep.equal([]);
  });

  it('is there ready made, named wsgi, on standard error', () => {
    expect(logger.name).to.equal('wsgi');
    expect(logger.stream).to.equal(process.stderr);
  });
});

describe('describeThrown', () => {
  it('shows what was thrown, whatever it is', () => {
    expect(describeThrown(new Error('x'))).to.match(/^Error: x\n/);
    expect(describeThrown('x')).to.equal("Thrown: 'x'");
    expect(describeThrown(null)).to.equal('Thrown: null');
  });
});
