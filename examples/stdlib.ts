// Lines of Python's standard library that stay as they are: node examples/stdlib.ts
import { type Application, run } from 'wsgi';
import { parse_qs, quote, urlencode, urljoin } from 'wsgi/stdlib/urllib/parse';

const search: Application = (environ, start_response) => {
  const d = parse_qs(environ.QUERY_STRING, { keep_blank_values: true });
  const word = d.get('q', [''])[0];
  const page = Number(d.get('page', ['1'])[0]);

  const here = `http://${environ.HTTP_HOST}${quote(environ.PATH_INFO, { encoding: 'latin-1' })}`;
  const next = urljoin(here, `?${urlencode({ q: word, page: page + 1 })}`);

  start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
  return [Buffer.from(`${word}, page ${page}\n${next}\n`)];
};

run(search, { port: Number(process.env.PORT ?? 8080) });
