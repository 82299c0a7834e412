"""What CPython's urllib.parse does: one question a line of JSON on standard input, one answer a line on standard output."""

import base64
import json
import sys
import urllib.parse


def revived(value):
    """Lists inside a list are tuples, for urlencode wants pairs."""
    if isinstance(value, dict):
        if "b64" in value:
            return base64.b64decode(value["b64"])
        return {name: revived(item) for name, item in value.items()}
    if isinstance(value, list):
        return [revived(item) for item in value]
    return value


def shown(value):
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return value


def paired(query):
    return [tuple(pair) for pair in query] if isinstance(query, list) else query


for line in sys.stdin:
    asked = json.loads(line)
    try:
        args = [revived(value) for value in json.loads(asked["args"])]
        if asked["fn"] == "urlencode":
            args[0] = paired(args[0])
        found = getattr(urllib.parse, asked["fn"])(*args, **revived(json.loads(asked["kw"])))
        answer = {"answer": shown(found)}
    except Exception as error:  # Whatever it is: it is the answer.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
