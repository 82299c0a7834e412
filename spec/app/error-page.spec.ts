import { expect } from 'chai';
import { errorPage, escapeHtml, notFoundPage, requestErrorPage } from '../../lib/app/error-page.js';

const ISSUE_TRACKER = 'https://bugs.example/issues/new';

describe('errorPage', () => {
  const options = { method: 'GET', path: '/a', debug: true, issueTracker: ISSUE_TRACKER };

  /** The URL of the report button. */
  function report(page: string): URL {
    const href = /<a class="report" href="([^"]+)"[^>]*>report<\/a>/.exec(page)?.[1] as string;
    return new URL(href.replaceAll('&amp;', '&'));
  }

  it('shows type, message and stack in debug', () => {
    const page = errorPage(new RangeError('division by zero'), options);
    expect(page).to.contain('<h2>Internal Server Error(500)</h2>');
    expect(page).to.contain('<b>RangeError :division by zero</b>');
    expect(page).to.match(/<pre>[^<]*error-page\.spec\.ts/);
  });

  it('shows nothing of what was thrown without debug, but in the report', () => {
    const thrown = new RangeError('the password is x');
    for (const issueTracker of [ISSUE_TRACKER, undefined, '']) {
      const page = errorPage(thrown, { ...options, debug: false, issueTracker });
      expect(page).to.contain('<h2>Internal Server Error(500)</h2>');
      expect(decodeURIComponent(page)).to.not.match(/spec\.ts|<pre>/);
      expect(page.replace(/<p><(a|button) class="report".*?<\/\1>/s, '')).to.not.match(/password|RangeError/);
    }
  });

  it('escapes what was thrown', () => {
    for (const thrown of [new Error('<script>alert("1")</script>'), '<script>', { a: '<script>' }]) {
      expect(errorPage(thrown, options)).to.not.contain('<script');
    }
  });

  it('has a report button with title and body filled in', () => {
    const url = report(errorPage(new RangeError('x & "y" <z>'), options));
    expect(url.origin + url.pathname).to.equal(ISSUE_TRACKER);
    expect(url.searchParams.get('title')).to.equal('RangeError: x & "y" <z>');
    expect(url.searchParams.get('body')).to.contain('GET /a').and.contain('error-page.spec.ts');
  });

  it('has a report button without the stack without debug', () => {
    const url = report(errorPage(new RangeError('why'), { ...options, debug: false }));
    expect(url.searchParams.get('title')).to.equal('RangeError: why');
    expect(url.searchParams.get('body')).to.match(
      /^Request: GET \/a\nwsgi \d+\.\d+\.\d+, Node v[\d.]+, \w+$/,
    );
  });

  it('leads to another tracker, or to none', () => {
    const other = errorPage('x', { ...options, issueTracker: 'https://bugs.example/new?project=1' });
    expect(report(other).searchParams.get('project')).to.equal('1');
    expect(report(other).searchParams.get('title')).to.equal('string: x');
    expect(errorPage('x', { ...options, issueTracker: '' })).to.not.contain('class="report"');
  });

  it('copies a report where no tracker was named, with the stack in debug only', () => {
    const text = (debug: boolean) => {
      const thrown = new RangeError('why "x"');
      const page = errorPage(thrown, { ...options, debug, issueTracker: undefined });
      expect(page).to.not.match(/https?:|href/);
      return /<button class="report" type="button" data-report="([^"]*)"/.exec(page)?.[1];
    };
    expect(text(true))
      .to.match(/^RangeError: why &quot;x&quot;\nRequest: GET \/a\nwsgi \d+\.\d+\.\d+, Node v\d/)
      .and.include('error-page.spec.ts');
    expect(text(false)).to.match(
      /^RangeError: why &quot;x&quot;\nRequest: GET \/a\nwsgi \d+\.\d+\.\d+, Node v[\d.]+, \w+$/,
    );
  });

  it('keeps the URL of the report short, and well-formed', () => {
    const url = report(errorPage(new Error(`\ud800${'x'.repeat(100_000)}`), options));
    expect(url.href.length).to.be.below(8000);
  });
});

describe('requestErrorPage', () => {
  it('shows the message, escaped', () => {
    const page = requestErrorPage(413, 'over <1 MiB>');
    expect(page).to.match(/<h2>[A-Za-z ]+\(413\)<\/h2>/);
    expect(page).to.contain('over &lt;1 MiB&gt;').and.not.contain('report<');
  });
});

describe('notFoundPage', () => {
  it('names path and query, escaped', () => {
    const page = notFoundPage('/<script>', 'a=1&b="2"');
    expect(page).to.contain('Not Found(404)');
    expect(page).to.contain('/&lt;script&gt;').and.contain('a=1&amp;b=&quot;2&quot;');
    expect(page).to.not.contain('<script');
  });
});

describe('escapeHtml', () => {
  it('escapes what ends text and attributes', () => {
    expect(escapeHtml(`<a href='x' title="y">&`)).to.equal(
      '&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;',
    );
  });
});
