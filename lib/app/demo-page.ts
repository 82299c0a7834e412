/** The page of the demo and its script: one file, nothing loaded from elsewhere. */

/** What comes from the server is shown as text, never as markup. */
export const DEMO_SCRIPT = `
'use strict';
const element = (id) => document.getElementById(id);
const [state, message, log] = ['state', 'message', 'log'].map(element);
const url = location.protocol.replace('http', 'ws') + '//' + location.host + location.pathname;
const MOST_LINES = 500;
let socket = null;

function show(kind, text) {
  const line = document.createElement('li');
  line.className = kind;
  line.textContent = new Date().toLocaleTimeString() + '  ' + text;
  log.prepend(line);
  if (log.childElementCount > MOST_LINES) log.lastElementChild.remove();
}

function setState(text) {
  state.textContent = text;
  state.dataset.state = text;
  element('connect').disabled = text !== 'closed';
  element('close').disabled = text === 'closed';
  element('send').disabled = element('send-binary').disabled = text !== 'open';
}

function connect() {
  if (socket !== null) return;
  setState('connecting');
  socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    setState('open');
    show('state', 'open: ' + url);
    message.focus();
  };
  socket.onmessage = (event) => {
    show('received', typeof event.data === 'string' ? 'received: ' + event.data : binary('received', event.data));
  };
  socket.onerror = () => show('error', 'error: the connection failed');
  socket.onclose = (event) => {
    socket = null;
    setState('closed');
    show('state', 'closed: code ' + event.code + ', reason ' + (event.reason || 'none'));
  };
}

function binary(what, data) {
  const bytes = new Uint8Array(data);
  const hex = Array.from(bytes.subarray(0, 32), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return what + ' ' + bytes.length + ' bytes: ' + new TextDecoder().decode(bytes) + ' [' + hex + ']';
}

function send(asBinary) {
  if (socket === null || socket.readyState !== WebSocket.OPEN) {
    show('error', 'error: not connected, so nothing was sent');
    return;
  }
  const text = message.value;
  if (asBinary) {
    const bytes = new TextEncoder().encode(text);
    socket.send(bytes);
    show('sent', binary('sent', bytes));
  } else {
    socket.send(text);
    show('sent', 'sent: ' + text);
  }
  message.value = '';
  message.focus();
}

element('connect').onclick = connect;
element('close').onclick = () => socket !== null && socket.close(1000, 'closed by the user');
element('send-binary').onclick = () => send(true);
element('form').onsubmit = (event) => {
  event.preventDefault();
  send(false);
};
setState('closed');
connect();
`;

const STYLE = `
  :root { color-scheme: light dark; --accent: #2b6cb0; --line: #8886; --soft: #8881 }
  @media (prefers-color-scheme: dark) { :root { --accent: #7fb4ea } }
  * { box-sizing: border-box }
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 44rem; padding: 1.5rem 1rem }
  h1 { font-size: 1.4rem; margin: 0 }
  header, form, .buttons { align-items: center; display: flex; flex-wrap: wrap; gap: .6rem }
  header { justify-content: space-between; margin-bottom: 1rem }
  form { margin: 1rem 0 }
  label { flex-basis: 100%; font-weight: 600 }
  input { flex: 1 1 12rem }
  input, button { border: 1px solid var(--line); border-radius: .4rem; font: inherit; padding: .45rem .8rem }
  button { background: var(--soft); cursor: pointer }
  button:disabled { cursor: default; opacity: .5 }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
  #state { border: 1px solid var(--line); border-radius: 1rem; font-weight: 600; padding: .1rem .8rem }
  #state[data-state="open"] { border-color: #2f855a; color: #2f855a }
  #state[data-state="closed"] { border-color: #c53030; color: #c53030 }
  @media (prefers-color-scheme: dark) {
    #state[data-state="open"] { border-color: #68d391; color: #68d391 }
    #state[data-state="closed"] { border-color: #fc8181; color: #fc8181 }
  }
  #log { border: 1px solid var(--line); border-radius: .4rem; list-style: none; margin: .4rem 0; min-height: 12rem;
    padding: 0 }
  #log li { border-bottom: 1px solid var(--line); overflow-wrap: anywhere; padding: .35rem .8rem;
    white-space: pre-wrap }
  #log li:last-child { border-bottom: 0 }
  #log .sent { background: var(--soft) }
  #log .error { color: #c53030 }
  @media (prefers-color-scheme: dark) { #log .error { color: #fc8181 } }
  h2 { font-size: 1rem; margin: 1.2rem 0 0 }
`;

export const DEMO_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>wsgi: the demo</title>
<style>${STYLE}</style>
</head>
<body>
<header>
  <h1>wsgi: the demo</h1>
  <span id="state" role="status" data-state="closed">closed</span>
</header>
<main>
  <p>You see this page of the npm package <b>wsgi</b> because the server was given no application. To serve yours:
    <code>npx wsgi app.mjs:app</code>, or <code>run(app)</code>. How to write one:
    <a href="README.md">README.md</a>; rooms like this one: <a href="docs/rooms.md">docs/rooms.md</a>.</p>
  <p>Below is a WebSocket. The server echoes every message at once, and again two seconds later; and all who have this
    page open see it. Open it in a second window.</p>
  <div class="buttons">
    <button id="connect" type="button">Connect</button>
    <button id="close" type="button" disabled>Close</button>
  </div>
  <form id="form">
    <label for="message">Message</label>
    <input id="message" type="text" autocomplete="off" placeholder="Type something, then press Enter">
    <button id="send" type="submit" disabled>Send</button>
    <button id="send-binary" type="button" disabled>Send as binary</button>
  </form>
  <h2 id="log-title">Log, newest first</h2>
  <ol id="log" aria-live="polite" aria-labelledby="log-title"></ol>
  <noscript>This page needs JavaScript.</noscript>
</main>
<script>${DEMO_SCRIPT}</script>
</body>
</html>
`;
