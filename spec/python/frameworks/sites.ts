/** The applications of `sites/`: of which packages, which server they are compared with, and what differs for a reason. */
import type { Visitor } from './visitor.js';
import { flaskr } from './visits/flaskr.js';
import { polls } from './visits/polls.js';
import { bottle, cherrypy, dash, falcon, pyramid, webpy } from './visits/small-frameworks.js';
import { gevent, simple, sock, wsocket } from './visits/websockets.js';

export interface KnownDifference {
  /** `METHOD /target` of the exchanges that differ. */
  readonly exchange: string;
  /** What differs, and why, for the page. */
  readonly what: string;
  readonly why: string;
  /** The one in which it differs; undefined is each. */
  readonly runtime?: string;
}

export interface Site {
  /** First label of its host, and its key in sites.py. */
  readonly name: string;
  /** What runs, for the table. */
  readonly title: string;
  /** Distributions whose versions the table shows, as requirements.txt names them. */
  readonly packages: readonly string[];
  visit(visitor: Visitor): Promise<void>;
  readonly differs?: readonly KnownDifference[];
}

/** With what differs there. */
export function siteOn(site: Site, runtime: string): Site {
  const differs = site.differs?.filter((known) => (known.runtime ?? runtime) === runtime);
  return { ...site, ...(differs !== undefined && { differs }) };
}

/** Applications that one process serves. */
export interface Group {
  /** The distribution of the server that they are compared with. */
  readonly against: string;
  /** The arguments of Python that serve them; `{port}` is the port. */
  readonly server: string;
  /** What the command `wsgi` serves. */
  readonly target: string;
  readonly sites: readonly Site[];
}

const GUNICORN = {
  against: 'gunicorn',
  server: '-m gunicorn --log-level critical --threads 8 -b 127.0.0.1:{port} sites:application',
  target: 'sites:application',
};

export const PAGES: readonly Group[] = [
  {
    ...GUNICORN,
    sites: [
      { name: 'flaskr', title: "Flask's tutorial", packages: ['Flask', 'Werkzeug'], visit: flaskr },
      {
        name: 'polls',
        title: "Django's tutorial, its admin, uploads",
        packages: ['Django', 'whitenoise'],
        visit: polls,
      },
      {
        name: 'bottle',
        title: 'a site',
        packages: ['bottle'],
        visit: bottle,
        differs: [
          {
            exchange: 'POST /raw?chunked',
            what: 'Bottle answers 400 under gunicorn',
            why: 'gunicorn leaves `HTTP_TRANSFER_ENCODING` in the environ of a body that it has decoded, and Bottle decodes it once more',
          },
          {
            exchange: 'GET /files/text.txt',
            what: '416 is `Range Not Satisfiable`, and `Requested Range Not Satisfiable` under gunicorn',
            why: "Bottle takes the words from Python's `http`, where they changed with 3.13, and Pyodide's Python is newer than gunicorn's here",
            runtime: 'Pyodide',
          },
        ],
      },
      { name: 'pyramid', title: 'a site', packages: ['pyramid', 'WebOb'], visit: pyramid },
      { name: 'falcon', title: 'an API', packages: ['falcon'], visit: falcon },
      { name: 'cherrypy', title: 'a site', packages: ['CherryPy'], visit: cherrypy },
      { name: 'webpy', title: 'a site', packages: ['web-py'], visit: webpy },
      { name: 'dash', title: 'a page with callbacks', packages: ['dash', 'plotly'], visit: dash },
    ],
  },
];

export const SOCKETS: readonly Group[] = [
  {
    ...GUNICORN,
    sites: [
      { name: 'sock', title: 'WebSockets and pages', packages: ['flask-sock', 'Flask'], visit: sock },
      {
        name: 'simple',
        title: 'WebSockets without a framework',
        packages: ['simple-websocket'],
        visit: simple,
      },
    ],
  },
  {
    against: 'gevent-websocket',
    server: 'gevent_site.py {port}',
    target: 'gevent_site:application',
    sites: [
      {
        name: 'gevent',
        title: 'its applications and handlers',
        packages: ['gevent-websocket', 'gevent'],
        visit: gevent,
        differs: [
          {
            exchange: 'GET /fixed',
            what: 'the close code is 4000, as the application says, and 1006 under gevent-websocket',
            why: 'gevent-websocket sends the reason without its code, which clients refuse (RFC 6455, section 5.5.1)',
          },
        ],
      },
    ],
  },
  {
    against: 'WSocket',
    server: 'wsocket_site.py {port}',
    target: 'wsocket_site:application',
    sites: [{ name: 'wsocket', title: 'its examples', packages: ['WSocket'], visit: wsocket }],
  },
];
