// A generator that reads between its parts, and a form, without await: node examples/blocking_generator.ts
import { parseForm, run, WSocketApp } from 'wsgi';

const app = new WSocketApp<'blocking'>();

app.route('/lines')(function* lines(environ, start_response) {
  start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  let number = 0;
  for (const line of environ['wsgi.input']) {
    number++;
    yield `${number}: `;
    yield line;
  }
});

app.route('/form')(function form(environ, start_response) {
  const form = parseForm(environ);
  try {
    const names = [...form.files.values()].map((file) => `${file.filename} (${file.size} bytes)`);
    start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    return `${form.fields.get('title')}: ${names.join(', ')}`;
  } finally {
    form.close(); // removes the temporary files
  }
});

run(app, { threads: 4, port: Number(process.env.PORT ?? 8080) });
