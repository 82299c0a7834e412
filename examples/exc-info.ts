// Error handling as PEP 3333 has it: exc_info replaces a head that was not sent yet. node examples/exc-info.ts
import { type Application, run } from 'wsgi';

const app: Application = (environ, start_response) => {
  try {
    // regular application code here
    start_response('200 Froody', [['Content-Type', 'text/plain']]);
    return [Buffer.from(JSON.stringify(JSON.parse(decodeURIComponent(environ.QUERY_STRING))))];
  } catch (error) {
    start_response('500 Oops', [['Content-Type', 'text/plain']], error as Error);
    return [Buffer.from('error body goes here\n')];
  }
};

run(app, { port: Number(process.env.PORT ?? 8080) });
