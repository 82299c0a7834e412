// A guestbook. Its tests are beside it, in guestbook.spec.ts. npx wsgi examples/testing/guestbook.ts:guestbook
import { parseForm, WSocketApp } from 'wsgi';

export const guestbook = makeGuestbook();

export function makeGuestbook(): WSocketApp {
  const app = new WSocketApp();
  const entries: string[] = [];

  app.route('/')(async (environ, start_response) => {
    const websocket = environ['wsgi.websocket'];
    if (websocket) {
      for await (const name of websocket) {
        entries.push(String(name));
        await websocket.send(`${entries.length} entries`);
      }
      return [];
    }
    if (environ.REQUEST_METHOD === 'POST') {
      const form = await parseForm(environ);
      const name = form.fields.get('name');
      if (!name) {
        start_response(400);
        return 'Tell your name';
      }
      entries.push(name);
      start_response(303, { Location: '/', 'Set-Cookie': 'signed=yes; Path=/; HttpOnly' });
      return [];
    }
    const thanks = environ.HTTP_COOKIE?.includes('signed=yes') ? 'Thank you!\n' : '';
    start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    return thanks + entries.join('\n');
  });

  app.route('/entries.json')((_environ, start_response) => {
    start_response(200, { 'Content-Type': 'application/json' });
    return JSON.stringify(entries);
  });

  app.route('/all')(async function* (_environ, start_response) {
    start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    for (const entry of entries) yield `${entry}\n`;
  });

  app.route('/broken')(() => {
    throw new RangeError('This page was never finished');
  });

  return app;
}
