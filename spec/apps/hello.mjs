/** Says hello, and in its headers what the process it runs in is like. */
export function app(environ, start_response) {
  start_response('200 OK', [
    ['Content-Type', 'text/plain'],
    ['X-Greeting-Env', process.env.GREETING ?? ''],
    ['X-Folder', process.cwd()],
    ['X-Umask', process.umask().toString(8)],
  ]);
  return [Buffer.from(`Hello from ${environ.PATH_INFO}\n`)];
}

export { app as application };
