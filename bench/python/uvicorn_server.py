"""uvicorn serves ASGI: a2wsgi makes that of a WSGI application, in four threads. `uvicorn_server.py MODULE PORT`."""
import importlib
import sys

import uvicorn
from a2wsgi import WSGIMiddleware

app = WSGIMiddleware(importlib.import_module(sys.argv[1]).app, workers=4)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="critical", access_log=False)
