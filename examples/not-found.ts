// Your own page where no route matches: node examples/not-found.ts
import { type Environ, type FrameworkStartResponse, nativeToText, run, WSocketApp } from 'wsgi';

class Site extends WSocketApp {
  override notFound(environ: Environ, start_response: FrameworkStartResponse) {
    start_response(404, { 'Content-Type': 'text/plain; charset=utf-8' });
    return `Nothing at ${nativeToText(environ.PATH_INFO)}\n`;
  }
}

const app = new Site();

app.route('/')(() => 'Hello World!');

run(app, { port: Number(process.env.PORT ?? 8080) });
