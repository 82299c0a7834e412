// A form with a file: node examples/form.ts
import { parseForm, run, WSocketApp } from 'wsgi';

const PAGE = `<!doctype html>
<title>Upload</title>
<form method="post" enctype="multipart/form-data">
  <input name="name" placeholder="Your name">
  <input name="file" type="file">
  <button>Send</button>
</form>`;

const app = new WSocketApp();

app.route('/')(async function upload(environ, start_response) {
  if (environ.REQUEST_METHOD !== 'POST') {
    start_response();
    return PAGE;
  }
  const form = await parseForm(environ, { maxFileSize: 10_000_000 });
  try {
    const name = form.fields.get('name') ?? 'Nobody';
    const file = form.files.get('file');
    start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    if (!file) return `${name} sent no file\n`;
    // await file.save('/where/it/stays') keeps it.
    return `${name} sent ${file.filename}, ${file.size} bytes of ${file.contentType}\n`;
  } finally {
    await form.close(); // removes the temporary files
  }
});

run(app, { port: Number(process.env.PORT ?? 8080) });
