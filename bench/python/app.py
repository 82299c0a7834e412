"""The bench's application in Python, for the servers of CPython: the same answers as bench/servers/wsgi.ts."""
import json

HELLO = b"Hello, World!\n"
JSON_BODY = json.dumps(
    {"items": [{"id": i, "name": f"item {i}", "tags": ["a", "b", "c"]} for i in range(160)]}
).encode()
MEBIBYTE = b"x" * 1024 * 1024
CHUNK = b"c" * 1024


def app(environ, start_response):
    path = environ["PATH_INFO"]
    kind, body = "text/plain", [HELLO]
    if path == "/json":
        kind, body = "application/json", [JSON_BODY]
    elif path == "/big":
        kind, body = "application/octet-stream", [MEBIBYTE]
    elif path == "/chunks":
        kind, body = "application/octet-stream", (CHUNK for _ in range(64))
    elif path == "/post":
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = [str(len(environ["wsgi.input"].read(size))).encode()]
    headers = [("Content-Type", kind)]
    if isinstance(body, list):
        headers.append(("Content-Length", str(len(body[0]))))
    start_response("200 OK", headers)
    return body
