// The port of notes.py, function by function: npx wsgi examples/porting/notes.ts:app
import { randomBytes } from 'node:crypto';
import { type Application, type Body, type Environ, nativeToText, type StartResponse } from 'wsgi';
import * as html from 'wsgi/stdlib/html';
import { SimpleCookie } from 'wsgi/stdlib/http/cookies';
import { parse_qs } from 'wsgi/stdlib/urllib/parse';

interface Session {
  name: string;
  token: string;
}

const sessions = new Map<string, Session>();
const notes: { by: string; text: string }[] = [];

export const app: Application = async (environ, start_response) => {
  const { REQUEST_METHOD: method, PATH_INFO: path } = environ;
  const session = sessions.get(cookie(environ, 'session') ?? '');
  if (path === '/login') {
    return method === 'POST' ? logIn(environ, start_response) : page(start_response, LOGIN);
  }
  if (session === undefined) return redirect(start_response, '/login');
  if (path === '/' && method === 'GET') return page(start_response, frontPage(session));
  if (path === '/notes' && method === 'POST') return addNote(environ, start_response, session);
  if (path === '/api/notes') {
    const body = Buffer.from(JSON.stringify({ user: session.name, notes }));
    start_response('200 OK', [
      ['Content-Type', 'application/json'],
      ['Cache-Control', 'no-store'],
    ]);
    return [body];
  }
  start_response('404 Not Found', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(`There is nothing at ${nativeToText(path)}\n`)];
};

async function logIn(environ: Environ, start_response: StartResponse): Promise<Body> {
  const name = (await form(environ)).get('name', [''])[0]?.trim();
  if (!name) return page(start_response, LOGIN, '400 Bad Request');
  const key = randomBytes(16).toString('hex');
  sessions.set(key, { name, token: randomBytes(8).toString('hex') });
  return redirect(start_response, '/', [['Set-Cookie', `session=${key}; HttpOnly; Path=/`]]);
}

async function addNote(environ: Environ, start_response: StartResponse, session: Session): Promise<Body> {
  const fields = await form(environ);
  if (fields.get('csrf')?.join() !== session.token) {
    start_response('403 Forbidden', [['Content-Type', 'text/plain; charset=utf-8']]);
    return [Buffer.from('This form is not yours\n')];
  }
  notes.push({ by: session.name, text: fields.get('text', [''])[0] ?? '' });
  return redirect(start_response, '/');
}

const LOGIN = '<form method="post" action="/login"><input name="name"><button>Log in</button></form>';

function frontPage(session: Session): string {
  const items = notes.map((one) => `<li>${html.escape(one.by)}: ${html.escape(one.text)}</li>`).join('');
  return (
    `<p>Hello ${html.escape(session.name)}</p><ul>${items}</ul>` +
    `<form method="post" action="/notes"><input type="hidden" name="csrf" value="${session.token}">` +
    '<input name="text"><button>Add</button></form>'
  );
}

function page(start_response: StartResponse, body: string, status = '200 OK'): Body {
  start_response(status, [['Content-Type', 'text/html; charset=utf-8']]);
  return [Buffer.from(`<!doctype html><title>Notes</title>${body}\n`)];
}

function redirect(start_response: StartResponse, to: string, headers: [string, string][] = []): Body {
  start_response('303 See Other', [['Location', to], ...headers]);
  return [];
}

async function form(environ: Environ) {
  const body = await environ['wsgi.input'].read();
  return parse_qs(body.toString());
}

function cookie(environ: Environ, name: string): string | undefined {
  return new SimpleCookie(environ.HTTP_COOKIE ?? '').get(name)?.value;
}
