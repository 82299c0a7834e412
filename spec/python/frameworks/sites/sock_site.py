"""flask-sock: WebSockets in Flask, beside ordinary routes."""
import time

from flask import Flask, request
from flask_sock import ConnectionClosed, Sock

application = app = Flask(__name__)
app.config['SOCK_SERVER_OPTIONS'] = {'subprotocols': ['chat', 'superchat'], 'max_message_size': 100_000}
sock = Sock(app)
ended = []


@app.get('/')
def index():
    return 'Connect to /echo'


@app.get('/ended')
def how():
    """The handler learns of the end a moment after its client."""
    patience = time.monotonic() + 20
    while not ended and time.monotonic() < patience:
        time.sleep(0.01)
    return {'ended': ended}


@sock.route('/echo')
def echo(ws):
    while True:
        ws.send(ws.receive())


@sock.route('/reverse/<int:times>')
def reverse(ws, times):
    for _ in range(times):
        ws.send(ws.receive()[::-1])


@sock.route('/greet')
def greet(ws):
    ws.send('hello %s, from %s' % (request.args.get('name'), request.headers.get('Origin')))
    ws.send('subprotocol %s' % ws.subprotocol)


@sock.route('/closes')
def closes(ws):
    ws.receive()
    ws.close(4001, 'enough')


@sock.route('/patient')
def patient(ws):
    while ws.receive(timeout=0.05) is None:
        pass
    ws.send('at last')


@sock.route('/notes')
def notes(ws):
    try:
        while True:
            ws.send('noted %s' % ws.receive())
    except ConnectionClosed as closed:
        ended.append([closed.reason.value if hasattr(closed.reason, 'value') else closed.reason, closed.message])
