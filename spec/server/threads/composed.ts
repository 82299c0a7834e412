/** Applications of all rooms, one inside the other, for threads: middleware, the framework, forms, the validator. */
import { fileURLToPath } from 'node:url';
import {
  type BlockingApplication,
  type BlockingEnviron,
  parseForm,
  run,
  WSocketApp,
} from '../../../lib/index.js';
import { dispatcher, proxyFix, sharedData } from '../../../lib/middleware/index.js';
import { validator } from '../../../lib/validate/index.js';

const DOCS = fileURLToPath(new URL('../../../docs', import.meta.url));

const input: BlockingApplication = (environ, start_response) => {
  const stream = environ['wsgi.input'];
  const seen = [stream.read(2), stream.readline(), ...stream.readlines(1), ...stream];
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from(seen.map(String).join('|'))];
};

const form: BlockingApplication = (environ, start_response) => {
  const { fields, files, close } = readForm(environ);
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  const body = [Buffer.from(`${fields} and ${files}`)];
  close();
  return body;
};

function readForm(environ: BlockingEnviron) {
  const read = parseForm(environ);
  return { fields: read.fields.get('a'), files: read.files.get('f')?.text(), close: () => read.close() };
}

const framework = new WSocketApp<BlockingEnviron>();
framework.route('/read')((environ, start_response) => {
  start_response();
  return `read ${environ['wsgi.input'].read()}`;
});

const site = dispatcher(validator(input), {
  '/form': validator(form),
  '/framework': validator(framework),
  '/files': sharedData(validator(input), { '/': DOCS }),
  '/events': new WSocketApp<BlockingEnviron>(),
});
void run(validator(proxyFix(validator(site))), { threads: 1 });
