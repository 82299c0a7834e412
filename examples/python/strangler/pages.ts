/** flaskr/templates/auth/login.html and base.html, and the pages that Flask makes by itself. */
import { html } from 'wsgi/stdlib';

export interface Page {
  /** Of the user who is logged in. */
  readonly username: string | undefined;
  /** Flash messages. */
  readonly messages: readonly string[];
  /** Where the application is mounted: SCRIPT_NAME. */
  readonly root: string;
}

export function loginPage({ username, messages, root }: Page): string {
  const nav =
    username === undefined
      ? `<li><a href="${root}/auth/register">Register</a><li><a href="${root}/auth/login">Log In</a>`
      : `<li><span>${html.escape(username)}</span><li><a href="${root}/auth/logout">Log Out</a>`;
  const flashes = messages.map((message) => `<div class="flash">${html.escape(message)}</div>`).join('');
  return `<!doctype html>
<title>Log In - Flaskr</title>
<link rel="stylesheet" href="${root}/static/style.css">
<nav>
  <h1><a href="${root}/">Flaskr</a></h1>
  <ul>${nav}</ul>
</nav>
<section class="content">
  <header><h1>Log In</h1></header>
  ${flashes}
  <form method="post">
    <label for="username">Username</label>
    <input name="username" id="username" required>
    <label for="password">Password</label>
    <input type="password" name="password" id="password" required>
    <input type="submit" value="Log In">
  </form>
</section>`;
}

export function redirectPage(to: string): string {
  return `<!doctype html>
<html lang=en>
<title>Redirecting...</title>
<h1>Redirecting...</h1>
<p>You should be redirected automatically to the target URL: <a href="${to}">${to}</a>. If not, click the link.
`;
}

export const BAD_REQUEST = `<!doctype html>
<html lang=en>
<title>400 Bad Request</title>
<h1>Bad Request</h1>
<p>The browser (or proxy) sent a request that this server could not understand.</p>
`;
