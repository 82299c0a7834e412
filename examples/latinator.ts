// PEP 3333's example of a middleware, written from scratch: text becomes pig latin. node examples/latinator.ts
import { type Application, type Body, type Bytes, run } from 'wsgi';
import { validator } from 'wsgi/validate';

/** `hello world` is `ellohay orldway`. Latin-1 keeps every byte, and only ASCII letters are moved. */
function piglatin(block: Bytes): Bytes {
  const text = Buffer.from(block).toString('latin1');
  const transformed = text.replace(/\b([a-z])([a-z]+)\b/gi, '$2$1ay');
  return Buffer.from(transformed, 'latin1');
}

/** One block for one block, and none before it is asked for. */
async function* transform(body: Body, isText: () => boolean): AsyncGenerator<Bytes> {
  // Looked at for each block: an application may call start_response in the first step of its body.
  for await (const block of body) yield isText() ? piglatin(block) : block;
}

function latinator(application: Application): Application {
  return async (environ, start_response) => {
    let is_text = false;

    const body = await application(environ, (status, headers, exc_info) => {
      // Set each time: with exc_info the response starts again, and may be of another type.
      is_text = headers.some(
        ([name, value]) => name.toLowerCase() === 'content-type' && value.startsWith('text/plain'),
      );
      if (!is_text) return start_response(status, headers, exc_info);
      // The length changes.
      const kept = headers.filter(([name]) => name.toLowerCase() !== 'content-length');
      const write = start_response(status, kept, exc_info);
      return (data) => write(piglatin(data));
    });

    return Object.assign(
      transform(body, () => is_text),
      // Closes what the application opened for its body.
      { close: () => body.close?.() },
    );
  };
}

const foo_app: Application = (environ, start_response) => {
  const greeting = Buffer.from('hello world\n');
  start_response('200 OK', [
    ['Content-Type', 'text/plain'],
    ['Content-Length', String(greeting.length)],
  ]);
  const body = environ.REQUEST_METHOD === 'HEAD' ? [] : [greeting];
  return Object.assign(body, { close: () => console.log('foo_app was closed') });
};

// One validator on each side: breaking a rule of PEP 3333 is an error that names the rule.
run(validator(latinator(validator(foo_app))), { port: Number(process.env.PORT ?? 8080) });
