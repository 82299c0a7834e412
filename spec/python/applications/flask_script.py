from flask import Flask, request
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)


@app.route('/')
def index():
    return 'Flask says ' + request.args['q']


@sock.route('/ws')
def talk(ws):
    while True:
        ws.send('Flask heard ' + ws.receive())


if __name__ == '__main__':
    app.run(port=0)
