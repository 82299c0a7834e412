"""What Python makes of forms: one question a line of JSON on standard input, one answer a line on standard output."""

import base64
import io
import json
import sys
from encodings.aliases import aliases

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header


def form(question):
    """The fields and files of a body, as werkzeug's parser has them."""
    body = base64.b64decode(question["body"])
    mimetype, options = parse_options_header(question["type"])
    parser = FormDataParser(silent=False, cls=list)
    # Lists: a MultiDict would bring values of one name together.
    _, fields, files = parser.parse(io.BytesIO(body), mimetype, len(body), options)
    return {
        "fields": fields,
        "files": [
            (name, file.filename, file.mimetype, file.read().decode("latin-1"))
            for name, file in files
        ],
    }


def encode(question):
    """Text as bytes, by the codec of that name."""
    return base64.b64encode(question["text"].encode(question["name"])).decode()


def names(_question):
    """Names of codecs: each codec, and its aliases."""
    found = {}
    for alias, name in aliases.items():
        found.setdefault(name, [name]).append(alias)
    return found


QUESTIONS = {"form": form, "encode": encode, "names": names}

for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"answer": QUESTIONS[asked["ask"]](asked)}
    except Exception as error:  # Whatever it is: it is the answer.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
