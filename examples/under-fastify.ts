// An application in a Fastify app: node examples/under-fastify.ts
import Fastify from 'fastify';
import { toNodeHandler, WSocketApp } from 'wsgi';

const app = new WSocketApp();

app.route('/hello')((environ) => `Hello from ${environ.SCRIPT_NAME}\n`);

app.route('/upload')(async (environ) => {
  const body = await environ['wsgi.input'].read();
  return `Got ${body.length} bytes\n`;
});

const handler = toNodeHandler(app, { scriptName: '/app' }); // Fastify does not remove the prefix
const site = Fastify();
site.get('/', () => 'Hello from Fastify\n');
site.register((scope, _options, done) => {
  // The application reads the body itself, so Fastify must not.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _body, parsed) => parsed(null));
  scope.all('/app/*', (request, reply) => {
    reply.hijack();
    handler(request.raw, reply.raw);
  });
  done();
});

const address = await site.listen({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' });
console.log(`Server started at ${address}`);
