"""simple-websocket in a plain WSGI application, as its documentation has it."""
import simple_websocket


class Last(simple_websocket.Server):
    """Chooses the last of the client's protocols."""

    def choose_subprotocol(self, request):
        return request.subprotocols[-1] if request.subprotocols else None


def application(environ, start_response):
    if environ.get('HTTP_UPGRADE', '').lower() != 'websocket':
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'a WebSocket, please']
    kind = Last if environ['PATH_INFO'] == '/last' else simple_websocket.Server
    ws = kind.accept(environ, subprotocols='v2')
    try:
        while True:
            data = ws.receive()
            if data == 'bye':
                ws.close(1000, 'bye')
                break
            ws.send(data if isinstance(data, bytes) else 'heard %s over %s' % (data, ws.subprotocol))
    except simple_websocket.ConnectionClosed:
        pass
    return []
