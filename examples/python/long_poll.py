"""A chat by long polling: a client that waits for news is a handler that waits, in one thread with a thousand others.

    npx wsgi long_poll.py:app --python pyodide --threads 1 --worker-connections 1000

Node 25 or newer can do that. On CPython `--threads 50` is for 50 clients.
"""
import json
import threading
import time

PAGE = b"""<!doctype html>
<title>Long polling</title>
<p><input id="text" autofocus> <a href="clock">clock</a></p>
<ul id="list"></ul>
<script>
  text.onchange = () => {
    fetch('messages', { method: 'POST', body: text.value });
    text.value = '';
  };
  async function poll(seen) {
    const { messages, next } = await (await fetch('messages?' + seen)).json();
    for (const message of messages) list.appendChild(document.createElement('li')).textContent = message;
    poll(next);
  }
  poll(0);
</script>
"""

# Shorter than `--timeout`, which is 30.
PATIENCE_S = 20

messages = []
news = threading.Condition()


def app(environ, start_response):
    method, path = environ['REQUEST_METHOD'], environ['PATH_INFO']
    if path == '/messages' and method == 'POST':
        say(environ['wsgi.input'].read(10_000).decode('utf-8', 'replace'))
        start_response('204 No Content', [])
        return []
    if path == '/messages':
        body = json.dumps(wait(environ['QUERY_STRING'])).encode()
        start_response('200 OK', [('Content-Type', 'application/json')])
        return [body]
    if path == '/clock':
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return clock()
    if path == '/':
        start_response('200 OK', [('Content-Type', 'text/html; charset=utf-8')])
        return [PAGE]
    start_response('404 Not Found', [('Content-Type', 'text/plain')])
    return [b'There is no such page\n']


def say(message):
    with news:
        messages.append(message)
        news.notify_all()


def wait(query):
    """What came after the messages that the client has, as soon as there is some."""
    seen = int(query) if query.isdigit() else 0
    with news:
        news.wait_for(lambda: len(messages) > seen, PATIENCE_S)
        return {'messages': messages[seen:], 'next': len(messages)}


def clock():
    """A line each second, until the client leaves."""
    while True:
        yield time.strftime('%H:%M:%S\n').encode()
        time.sleep(1)
