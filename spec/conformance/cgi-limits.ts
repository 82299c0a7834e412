/** What no CGI gateway can do, and what it tells applications, for the specs of both. */

export const CANNOT = {
  'raw-http': 'the web server parses requests',
  expect: 'the web server answers Expect: 100-continue',
  server: 'the web server is the server',
  closes: "connections are the web server's",
  timeout: 'the web server ends silent requests',
  http10: 'the web server answers HTTP/1.0',
  pipelining: 'the web server has the requests of a connection one after the other',
  'early-hints': 'CGI has no interim responses',
  cuts: 'CGI has no word for a response that was cut short',
} as const;

export const EXCEPT = {
  'A-133.off': "the header Server is the web server's",
  'E-048': 'CGI tells the length of a body that came in chunks',
};

export const FACTS = { multiprocess: true, runOnce: true };
