/** The script of the demo page, for a browser. What comes from the server is shown as text, never as markup. */

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
`;
