/** The configurations of nginx and haproxy that docs/deploying.md has, with the places of a test put in. */
import { fileOfPage, withPlaces } from '../support/page-file.js';

export interface Upstream {
  /** A port of 127.0.0.1, or the path of a Unix socket. */
  readonly at: number | string;
  /** Gets requests only while the others fail. */
  readonly backup?: boolean;
}

export interface Places {
  /** The proxy listens here, on 127.0.0.1. */
  readonly port: number;
  readonly tlsPort: number;
  /** A folder of its own. */
  readonly folder: string;
  /** A certificate and its key in one PEM file, under the name that haproxy needs: nginx takes it for both. */
  readonly certificate: string;
  readonly upstreams: readonly Upstream[];
}

const place = ({ at }: Upstream) => (typeof at === 'number' ? `127.0.0.1:${at}` : `unix:${at}`);

/** nginx gives its workers to `nobody` when it is root, who may then not write to the folder. */
const user = process.getuid?.() === 0 ? 'user root;' : '';

/** Below it both proxies have the same upstreams, which see the path without it. */
export const PREFIX = '/site';

const PAGE = 'docs/deploying.md';

export function nginxConfiguration({ port, tlsPort, folder, certificate, upstreams }: Places): string {
  const servers = upstreams.map(
    (upstream) => `server ${place(upstream)}${upstream.backup ? ' backup' : ''};`,
  );
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const file = fileOfPage(PAGE, '/etc/nginx/conf.d/app.conf');
  const location = /^ {2}location \/ \{\n.*?^ {2}\}\n/ms.exec(file)?.[0] ?? '';
  // As the page says of a prefix.
  const below = withPlaces(location, [
    ['location / {', `location ${PREFIX}/ {`],
    ['proxy_pass http://app;', `proxy_pass http://app/;\n    proxy_set_header X-Forwarded-Prefix ${PREFIX};`],
  ]);
  const atRoot = withPlaces(location, [
    ['proxy_pass http://app;', 'proxy_pass http://app;\n    proxy_set_header X-Forwarded-Prefix "";'],
  ]);
  const site = withPlaces(file, [
    ['server 127.0.0.1:8000;', servers.join('\n  ')],
    ['server 127.0.0.1:8001 backup;', ''],
    ['listen 443 ssl;', `listen 127.0.0.1:${port};\n  listen 127.0.0.1:${tlsPort} ssl;`],
    ['/etc/ssl/site.pem', certificate],
    [location, `${atRoot}${below}  location = ${PREFIX}/-/status { return 404; }\n`],
  ]);
  return `
daemon off;
${user}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary.join('\n  ')}
${site}
}
`;
}

export function haproxyConfiguration({ port, tlsPort, folder, certificate, upstreams }: Places): string {
  const servers = upstreams.map((upstream, i) => {
    const where = place(upstream).replace(/^unix:/, 'unix@');
    return `server app${i} ${where} check${upstream.backup ? ' backup' : ''}`;
  });
  return withPlaces(fileOfPage(PAGE, '/etc/haproxy/haproxy.cfg'), [
    ['global\n', 'global\n  nbthread 1\n'],
    ['/run/haproxy/admin.sock mode 660', `${folder}/admin.sock`],
    [
      '  bind :443 ssl crt /etc/haproxy/site.pem\n',
      `  bind 127.0.0.1:${port}\n  bind 127.0.0.1:${tlsPort} ssl crt ${certificate}\n`,
    ],
    [
      '  default_backend app\n',
      `  http-request del-header X-Forwarded-Prefix
  http-request set-header X-Forwarded-Prefix ${PREFIX} if { path_beg ${PREFIX}/ }
  http-request replace-path ${PREFIX}(/.*) \\1 if { path_beg ${PREFIX}/ }
  default_backend app\n`,
    ],
    ['\nbackend app\n', '\nbackend app\n  balance roundrobin\n'],
    ['server app0 127.0.0.1:8000 check ', `${servers.join('\n  ')} `],
    ['  server app1 127.0.0.1:8001 check backup\n', ''],
  ]);
}
