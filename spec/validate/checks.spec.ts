/** The checks by themselves, the error, and docs/validator.md. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { WsgiError } from '../../lib/errors.js';
import * as validate from '../../lib/validate/index.js';
import { renderValidatorPage, VALIDATOR_PAGE } from '../../scripts/validator-page.js';
import { environOf, outcomeOf } from './support.js';

describe('the checks of wsgi/validate', () => {
  const rows: readonly [name: string, right: () => void, wrong: () => void, code: string][] = [
    [
      'checkEnviron',
      () => validate.checkEnviron(environOf()),
      () => validate.checkEnviron([]),
      'environ-not-dict',
    ],
    [
      'checkInput',
      () => validate.checkInput(environOf()['wsgi.input']),
      () => validate.checkInput(process.stdin),
      'input-incomplete',
    ],
    [
      'checkErrors',
      () => validate.checkErrors(environOf()['wsgi.errors']),
      () => validate.checkErrors(process.stderr),
      'errors-incomplete',
    ],
    [
      'checkStatus',
      () => validate.checkStatus('200 OK'),
      () => validate.checkStatus(200),
      'status-not-string',
    ],
    ['checkHeaders', () => validate.checkHeaders([]), () => validate.checkHeaders({}), 'headers-not-array'],
    [
      'checkContentType',
      () => validate.checkContentType('204 No Content', []),
      () => validate.checkContentType('204 No Content', [['content-type', 'x']]),
      'content-type-without-body',
    ],
    ['checkExcInfo', () => validate.checkExcInfo(null), () => validate.checkExcInfo(true), 'exc-info-shape'],
    ['checkIterator', () => validate.checkIterator([]), () => validate.checkIterator('x'), 'body-is-string'],
  ];
  for (const [name, right, wrong, code] of rows) {
    it(`${name} throws ${code}, or nothing`, async () => {
      expect(await outcomeOf(right)).to.deep.include({ thrown: undefined, warnings: [] });
      expect((await outcomeOf(wrong)).thrown).to.include({ code, name: 'WsgiAssertionError' });
    });
  }

  it('throw one of the error family, with rule, finding, fix and code in the message', () => {
    const error = new validate.WsgiAssertionError('status-not-string', 'it is a number');
    expect(error).to.be.instanceOf(WsgiError);
    expect(error.message).to.equal(
      'The status is a string: it is a number. Write it as "200 OK" [status-not-string]',
    );
  });

  it('keep values that may be secret out of their messages', async () => {
    const secret = 'hunter2';
    const wrong = [
      () => validate.checkHeaders([['Set-Cookie', `${secret}\n`]]),
      () => validate.checkHeaders([['Authorization', [secret]]]),
      () => validate.checkEnviron(environOf({ HTTP_COOKIE: Buffer.from(secret) })),
      () => validate.checkEnviron(environOf({ PATH_INFO: secret })),
      () => validate.checkEnviron(environOf({ QUERY_STRING: `${secret}€` })),
      () => validate.checkIterator(secret),
    ];
    for (const work of wrong) expect((await outcomeOf(work)).thrown?.message).to.not.contain(secret);
  });

  it('warn once in a process', async () => {
    const { warnings } = await outcomeOf(() => {
      validate.checkStatus('600 High');
      validate.checkStatus('601 Higher');
    });
    expect(warnings).to.deep.equal(['status-too-high']);
  });
});

describe('docs/validator.md', () => {
  it('is made of the table of rules (npm run docs)', () => {
    expect(readFileSync(VALIDATOR_PAGE, 'utf8')).to.equal(renderValidatorPage());
  });
});
