// Routes as decorators, on methods: npx tsx examples/decorators.ts (Node itself does not run decorators yet)
import { type Environ, type FrameworkStartResponse, nativeToText, run, WSocketApp } from 'wsgi';

const app = new WSocketApp();

export class Site {
  @app.route('/')
  index(_environ: Environ, start_response: FrameworkStartResponse) {
    start_response();
    return 'Hello World!';
  }

  @app.route('/hello/*')
  async hello(environ: Environ, start_response: FrameworkStartResponse) {
    start_response(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    return `Hello ${nativeToText(environ.PATH_INFO).slice('/hello/'.length)}!`;
  }
}

run(app, { port: Number(process.env.PORT ?? 8080) });
