"""A script of Flask-SocketIO, as its documentation has it; the environment says in which mode."""
import os

if os.environ.get('PATCH') == 'gevent':
    from gevent import monkey

    monkey.patch_all()

from flask import Flask
from flask_socketio import SocketIO, send

app = Flask(__name__)
socketio = SocketIO(app, async_mode=os.environ.get('MODE'))


@socketio.on('message')
def handle_message(message):
    send('you : ' + message, broadcast=True)


if __name__ == '__main__':
    socketio.run(app, port=0)
