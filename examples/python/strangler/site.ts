/** Flask's tutorial, two of its routes in TypeScript, the others in Python as they are: `npx tsx site.ts`, in this folder. */
import {
  type Application,
  type Environ,
  fromPython,
  parseForm,
  run,
  type StartResponse,
  toFetchHandler,
} from 'wsgi';
import { choose } from 'wsgi/porting';
import { BAD_REQUEST, loginPage, redirectPage } from './pages.js';
import { checkPasswordHash } from './password.js';
import { type Session, Sessions } from './session.js';

interface User {
  readonly id: number;
  readonly username: string;
  readonly password: string;
}

const flask = fromPython('flaskr:create_app()');
const users = fromPython('users.py:application', { threads: 2 });
// The key of the original: each reads what the other has signed.
const sessions = new Sessions(process.env.SECRET_KEY ?? 'dev');

const askUsers = toFetchHandler(users);

async function findUser(query: Record<string, string>): Promise<User | undefined> {
  const answer = await askUsers(new Request(`http://users/?${new URLSearchParams(query)}`));
  return ((await answer.json()) as User | null) ?? undefined;
}

/** With the session if it has changed. */
function answer(start_response: StartResponse, status: string, page: string, more: [string, string][] = []) {
  start_response(status, [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Vary', 'Cookie'],
    ['X-Answered-By', 'TypeScript'],
    ...more,
  ]);
  return [Buffer.from(page)];
}

const logout: Application = ({ SCRIPT_NAME }: Environ, start_response) => {
  const to = `${SCRIPT_NAME}/`;
  return answer(start_response, '302 FOUND', redirectPage(to), [
    ['Location', to],
    ['Set-Cookie', sessions.write({})],
  ]);
};

const login: Application = async (environ: Environ, start_response) => {
  const { REQUEST_METHOD, SCRIPT_NAME: root, HTTP_COOKIE } = environ;
  const { _flashes: flashes, ...session } = sessions.read(HTTP_COOKIE);
  const messages = messagesOf(flashes);
  if (REQUEST_METHOD === 'POST') {
    const form = await parseForm(environ);
    try {
      const [username, password] = [form.fields.get('username'), form.fields.get('password')];
      if (username === undefined || password === undefined) {
        return answer(start_response, '400 BAD REQUEST', BAD_REQUEST);
      }
      const user = await findUser({ username });
      const isRight = user !== undefined && (await checkPasswordHash(user.password, password));
      if (isRight) {
        return answer(start_response, '302 FOUND', redirectPage(`${root}/`), [
          ['Location', `${root}/`],
          ['Set-Cookie', sessions.write({ user_id: user.id })],
        ]);
      }
      messages.push(user === undefined ? 'Incorrect username.' : 'Incorrect password.');
    } finally {
      await form.close();
    }
  }
  const { user_id: id } = session;
  const user = id === undefined || id === null ? undefined : await findUser({ id: String(id) });
  const page = loginPage({ username: user?.username, messages, root });
  // The messages were shown: a session without them is another one.
  const changed: [string, string][] = messages.length > 0 ? [['Set-Cookie', sessions.write(session)]] : [];
  return answer(start_response, '200 OK', page, changed);
};

/** Flask keeps flash messages as pairs of category and text; each is a tuple, which its JSON tags. */
function messagesOf(flashes: Session[string]): string[] {
  if (!Array.isArray(flashes)) return [];
  return flashes.map((flash: { ' t'?: readonly [string, string] }) => flash[' t']?.[1] ?? '');
}

/** The path alone: with a slash at its end Flask has nothing there. */
function at(path: string, app: Application): Application {
  return (environ, start_response) => (environ.PATH_INFO === path ? app : flask)(environ, start_response);
}

const ported = {
  'GET = /auth/login': at('/auth/login', login),
  'POST = /auth/login': at('/auth/login', login),
  'GET = /auth/logout': at('/auth/logout', logout),
};

await Promise.all([flask.ready, users.ready]);
const server = await run(choose(ported, flask, flask), { port: Number(process.env.PORT ?? 8080) });
await server.serveForever();
await Promise.all([flask.close(), users.close()]);
