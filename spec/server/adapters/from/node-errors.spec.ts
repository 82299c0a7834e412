/** `fromNodeHandler`: a response that is used in a wrong way does what Node's own does. Each case runs on both. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect } from 'chai';
import { fromNodeHandler } from '../../../../lib/server/adapters/from/from-node-handler.js';
import { closePeers, Peer, request } from '../../../support/peer.js';
import { captureLog, closeServers, host, serveApp } from '../../../support/serve.js';
import { until } from '../../../support/until.js';

type Failure = Error & { code?: string };
type Say = (text: string) => void;
/** Misuses the response, and says what comes of it; what it leaves open is ended. */
type Misuse = (response: ServerResponse, say: Say) => void;

const codeOf = (error: unknown) => `${(error as Failure).name} ${(error as Failure).code}`;

function tried(say: Say, work: () => unknown): void {
  try {
    say(`${typeof work()}`);
  } catch (error) {
    // What is received has other words for objects.
    say(`threw ${codeOf(error)}: ${(error as Error).message.replace(/ Received .*/s, '')}`);
  }
}

const strict = (response: ServerResponse, length: number) => {
  response.strictContentLength = true;
  response.writeHead(200, { 'Content-Length': length });
};

const MISUSES: Record<string, Misuse> = {
  'writes null': (response, say) => tried(say, () => response.write(null)),
  'writes a number': (response, say) => tried(say, () => response.write(42)),
  'writes undefined': (response, say) => tried(say, () => response.write(undefined)),
  'writes an object': (response, say) => tried(say, () => response.write({})),
  'ends with a number': (response, say) => tried(say, () => response.end(42)),
  'ends with 0': (response, say) => tried(say, () => response.end(0)),
  'ends with null': (response, say) => tried(say, () => response.end(null)),
  'writes after the end': (response, say) => {
    response.on('error', (error) => say(`error ${codeOf(error)}`));
    response.end('body');
    tried(say, () => response.write('more', (error) => say(`callback ${codeOf(error)}`)));
  },
  'ends twice': (response, say) => {
    response.end('body');
    response.end(() => say('finished'));
  },
  'ends when it has finished': (response, say) => {
    response.end('body', () => {
      response.end(((error?: Error) => say(`callback ${codeOf(error)}`)) as () => void);
    });
  },
  'ends twice with a body': (response, say) => {
    response.on('error', (error) => say(`error ${codeOf(error)}`));
    response.end('body');
    response.end('more', ((error?: Error) => say(`callback ${codeOf(error)}`)) as () => void);
  },
  'writes when it is destroyed': (response, say) => {
    response.writeHead(200, { 'Content-Length': 10 }).write('part', () => {
      response.destroy();
      tried(say, () => response.write('more', (error) => say(`callback ${codeOf(error)}`)));
    });
  },
  'writes more than its length, strictly': (response, say) => {
    strict(response, 3);
    response.write('ab');
    tried(say, () => response.write('cd'));
    response.end('c');
  },
  'ends with more than its length, strictly': (response, say) => {
    strict(response, 3);
    tried(say, () => response.end('abcd'));
    response.end('abc');
  },
  'ends with less than its length, strictly': (response, say) => {
    strict(response, 3);
    tried(say, () => response.end('ab'));
    response.end('abc');
  },
  'ends after less than its length, strictly': (response, say) => {
    strict(response, 3);
    response.write('ab');
    tried(say, () => response.end());
    response.end('c');
  },
  'keeps its length, strictly': (response, say) => {
    strict(response, 3);
    response.write('ab');
    tried(say, () => response.end('c'));
  },
  'has no length, strictly': (response, say) => {
    response.strictContentLength = true;
    response.write('ab');
    tried(say, () => response.end('c'));
  },
  'ends at once, strictly': (response, say) => {
    response.strictContentLength = true;
    tried(say, () => response.end('abc'));
  },
  'has 204, strictly': (response, say) => {
    response.strictContentLength = true;
    response.writeHead(204, { 'Content-Length': 3 });
    tried(say, () => response.end());
  },
};

describe('fromNodeHandler, used in a wrong way', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  /** What is said, and the body that the client gets. */
  async function seen(
    port: (handler: (m: IncomingMessage, r: ServerResponse) => void) => Promise<number>,
    misuse: Misuse,
  ) {
    const said: string[] = [];
    const at = await port((_message, response) => {
      misuse(response, (text) => said.push(text));
      if (!response.writableEnded && !response.headersSent) response.end();
    });
    const peer = await Peer.connect(at);
    await peer.send(request('/', { headers: ['Connection: close'] }));
    await peer.until(() => peer.ended || peer.socket.destroyed, 'the end');
    await until(() => said.length > 0, 'what comes of it');
    await new Promise((resolve) => setTimeout(resolve, 10));
    const [head = '', body = ''] = peer.text.split('\r\n\r\n');
    // Nodes differ in how many chunks they make.
    const content = /chunked/i.test(head) ? body.replace(/[0-9a-f]+\r\n|\r\n0?/g, '') : body;
    return { said, status: head.split('\r\n')[0], content };
  }

  for (const [what, misuse] of Object.entries(MISUSES)) {
    it(`does as Node where it ${what}`, async () => {
      const byNode = await seen(async (handler) => (await host(createServer(handler))).port, misuse);
      let ours: typeof byNode | undefined;
      await captureLog(async () => {
        ours = await seen(async (handler) => (await serveApp(fromNodeHandler(handler))).serverPort, misuse);
      });
      expect(ours).to.deep.equal(byNode);
    });
  }
});
