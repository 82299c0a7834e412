/** Configurations of nginx and haproxy, as docs/deploying.md has them, with the places of a test put in. */

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

/** nginx gives none of them to a location that has one of its own. */
const NGINX_HEADERS = `
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Forwarded-Ssl "";
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_next_upstream error timeout;`;

export function nginxConfiguration({ port, tlsPort, folder, certificate, upstreams }: Places): string {
  const servers = upstreams.map(
    (upstream) => `server ${place(upstream)}${upstream.backup ? ' backup' : ''};`,
  );
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
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
  upstream app {
    ${servers.join('\n    ')}
    keepalive 32;
  }
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_certificate ${certificate};
    ssl_certificate_key ${certificate};
    client_max_body_size 0;
    location / {
      proxy_pass http://app;
      proxy_set_header X-Forwarded-Prefix "";
${NGINX_HEADERS}
    }
    location ${PREFIX}/ {
      proxy_pass http://app/;
      proxy_set_header X-Forwarded-Prefix ${PREFIX};
${NGINX_HEADERS}
    }
  }
}
`;
}

export function haproxyConfiguration({ port, tlsPort, folder, certificate, upstreams }: Places): string {
  const servers = upstreams.map((upstream, i) => {
    const where = place(upstream).replace(/^unix:/, 'unix@');
    return `server app${i} ${where} check${upstream.backup ? ' backup' : ''}`;
  });
  return `
global
  nbthread 1
  stats socket ${folder}/admin.sock level admin
defaults
  mode http
  option abortonclose
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
frontend www
  bind 127.0.0.1:${port}
  bind 127.0.0.1:${tlsPort} ssl crt ${certificate}
  option forwardfor
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request del-header X-Forwarded-Ssl
  http-request del-header X-Forwarded-Prefix
  http-request set-header X-Forwarded-Prefix ${PREFIX} if { path_beg ${PREFIX}/ }
  http-request replace-path ${PREFIX}(/.*) \\1 if { path_beg ${PREFIX}/ }
  default_backend app
backend app
  balance roundrobin
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response
  http-request disable-l7-retry unless { method GET HEAD OPTIONS }
  ${servers.join('\n  ')}
`;
}
