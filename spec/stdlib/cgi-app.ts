/** A form with Python's lines, for threads. */
import { type BlockingApplication, run } from '../../lib/index.js';
import { FieldStorage } from '../../lib/stdlib/cgi.js';
import { describeForm } from './described-form.js';

const application: BlockingApplication = (environ, start_response) => {
  const form = new FieldStorage({ fp: environ['wsgi.input'], environ, keep_blank_values: true });
  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(describeForm(form))];
};

await run(application, { threads: 1 });
