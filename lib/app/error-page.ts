/** The HTML pages of the framework: an error, a request's fault, a path that leads nowhere. */
import { reasonOf } from './status.js';
import { thrownMessage, thrownStack, thrownType } from './thrown.js';

/** Where the report button leads unless an application says otherwise. */
export const ISSUE_TRACKER = 'https://github.com/wsgi-js/wsgi/issues/new';

/** A new-issue form takes its text from the URL; trackers refuse URLs much longer than this. */
const LONGEST_REPORT = 4000;

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
  /** URL of a new-issue form that reads `title` and `body` from its query; empty for no button. */
  readonly issueTracker: string;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** The page of a failed handler. Without debug it tells nothing of what was thrown: messages may hold secrets. */
export function errorPage(thrown: unknown, options: ErrorPageOptions): string {
  const request = `Request: ${options.method} ${options.path}`;
  if (!options.debug) {
    return page(
      heading(500),
      '<p>The server failed to answer this request. Its log says why.</p>',
      reportButton(options.issueTracker, reasonOf(500), request),
    );
  }
  const [type, message, stack] = [thrownType(thrown), thrownMessage(thrown), thrownStack(thrown)];
  return page(
    heading(500),
    `<p><b>${escapeHtml(`${type} :${message}`)}</b></p>`,
    `<pre>${escapeHtml(stack)}</pre>`,
    reportButton(
      options.issueTracker,
      `${type}: ${message}`.slice(0, 200),
      `${request}\nNode ${process.version}, ${process.platform}\n\n${stack.slice(0, LONGEST_REPORT)}`,
    ),
  );
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

function reportButton(tracker: string, title: string, body: string): string {
  if (tracker === '') return '';
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
