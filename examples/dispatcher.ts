// Three applications on one server, behind a proxy that says who the client is: node examples/dispatcher.ts
import { type Application, run } from 'wsgi';
import { dispatcher, proxyFix } from 'wsgi/middleware';

function application(name: string): Application {
  return (environ, start_response) => {
    const { REMOTE_ADDR, SCRIPT_NAME, PATH_INFO, 'wsgi.url_scheme': scheme } = environ;
    start_response('200 OK', [['Content-Type', 'text/plain; charset=utf-8']]);
    // Paths are native strings: each character is a byte, so latin1 gives the bytes back.
    const where = Buffer.from(`SCRIPT_NAME "${SCRIPT_NAME}", PATH_INFO "${PATH_INFO}"`, 'latin1');
    return [Buffer.from(`${name} for ${REMOTE_ADDR} over ${scheme}: `), where, Buffer.from('\n')];
  };
}

const mounted = dispatcher(application('site'), {
  '/blog': application('blog'),
  '/blog/admin': application('admin'), // the longest prefix wins
});

// curl localhost:8080/blog/admin/users -H 'X-Forwarded-For: 203.0.113.7' -H 'X-Forwarded-Proto: https'
run(proxyFix(mounted, { for: 1, proto: 1 }), { port: Number(process.env.PORT ?? 8080) });
