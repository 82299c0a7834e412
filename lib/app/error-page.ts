/** The HTML pages of the framework: an error, a request's fault, a path that leads nowhere. */
import { packageVersion } from '../own-files.js';
import { reasonOf } from './status.js';
import { thrownMessage, thrownStack, thrownType } from './thrown.js';

/** A new-issue form takes its text from the URL; trackers refuse URLs much longer than this. */
const LONGEST_REPORT = 4000;
const LONGEST_TITLE = 200;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export interface ErrorPageOptions {
  readonly method: string;
  readonly path: string;
  /** Shows what was thrown and its stack: for developers' eyes only. */
  readonly debug: boolean;
  /**
   * URL of a new-issue form that reads `title` and `body` from its query; undefined: the report button copies the
   * report; empty for no button.
   */
  readonly issueTracker: string | undefined;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/**
 * The page of a failed handler. Without debug it says only that there was an error: type and message of what was thrown
 * are in the report of its button, the stack is not.
 */
export function errorPage(thrown: unknown, options: ErrorPageOptions): string {
  const { method, path, debug, issueTracker } = options;
  const [type, message, stack] = [thrownType(thrown), thrownMessage(thrown), thrownStack(thrown)];
  const details = debug
    ? `<p><b>${escapeHtml(`${type} :${message}`)}</b></p>\n<pre>${escapeHtml(stack)}</pre>`
    : '<p>The server failed to answer this request. Its log says why.</p>';
  const report = [`Request: ${method} ${path}`, versions()];
  if (debug) report.push('', stack.slice(0, LONGEST_REPORT));
  const title = `${type}: ${message}`.slice(0, LONGEST_TITLE);
  return page(heading(500), details, reportButton(issueTracker, title, report.join('\n')));
}

/** The page of a request that cannot be answered as it is: the message is for the client. */
export function requestErrorPage(status: number, message: string): string {
  return page(heading(status), `<p>${escapeHtml(message)}</p>`);
}

export function notFoundPage(path: string, query: string): string {
  return page(
    heading(404),
    `<p>Nothing is at <code>${escapeHtml(path)}</code></p>`,
    query === '' ? '' : `<p>Query: <code>${escapeHtml(query)}</code></p>`,
  );
}

function heading(status: number): string {
  return `${reasonOf(status)}(${status})`;
}

function versions(): string {
  return `wsgi ${packageVersion()}, Node ${process.version}, ${process.platform}`;
}

/** Not `navigator.clipboard`, which only pages of https and of this machine have. What cannot be copied is shown. */
const COPY = `const text = document.createElement('textarea');
text.value = this.dataset.report; text.readOnly = true; this.after(text); text.select();
if (document.execCommand('copy')) { text.remove(); this.textContent = 'report copied' }`;

function reportButton(tracker: string | undefined, title: string, body: string): string {
  if (tracker === '') return '';
  if (tracker === undefined) {
    const report = escapeHtml(`${title}\n${body}`);
    return `<p><button class="report" type="button" data-report="${report}" onclick="${escapeHtml(COPY)}">report</button></p>`;
  }
  const url = `${tracker}${tracker.includes('?') ? '&' : '?'}${new URLSearchParams({ title, body })}`;
  return `<p><a class="report" href="${escapeHtml(url)}" target="_blank" rel="noopener noreferrer">report</a></p>`;
}

function page(title: string, ...parts: string[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
  pre { border: 1px solid; overflow: auto; padding: 1rem }
  .report { border: 1px solid; border-radius: .3rem; padding: .3rem .8rem; text-decoration: none }
</style>
<h2>${title}</h2>
${parts.filter((part) => part !== '').join('\n')}
</html>
`;
}
