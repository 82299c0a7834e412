"""What Python's io, json and cgi do: one question a line of JSON on standard input, one answer a line on standard output."""

import base64
import io
import json
import sys
import warnings

warnings.simplefilter("ignore", DeprecationWarning)
try:
    import cgi
except ImportError:  # Python 3.13 has it no more.
    cgi = None


def tagged(value):
    """A value with its type, for JSON has fewer: what is a list here is `[type, value]`."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return ["int", str(value)]
    if isinstance(value, float):
        return ["float", repr(value)]
    if isinstance(value, bytes):
        return ["bytes", value.decode("latin-1")]
    if isinstance(value, (list, tuple)):
        return ["list", [tagged(one) for one in value]]
    return ["dict", [[tagged(name), tagged(one)] for name, one in value.items()]]


def attempt(call):
    try:
        return tagged(call())
    except Exception as error:
        return ["error", type(error).__name__, str(error)]


def dumps(question):
    return attempt(lambda: json.dumps(question["value"], **question["kw"]))


def loads(question):
    text = question["text"]
    if question.get("bytes"):
        text = text.encode("latin-1")
    return attempt(lambda: json.loads(text))


def stream(question):
    """Operations on one object; `iter` and `next` stand for the functions of these names."""
    if question["fn"] == "BytesIO":
        made = io.BytesIO(question["init"].encode("latin-1"))
    else:
        made = io.StringIO(question["init"], newline=question["newline"])

    def perform(name, *given):
        if question["fn"] == "BytesIO":
            given = [one.encode("latin-1") if isinstance(one, str) else one for one in given]
        if name == "iter":
            return list(made)
        if name == "next":
            return next(made)
        return getattr(made, name)(*given)

    return [attempt(lambda step=step: perform(*step)) for step in question["steps"]]


def parse_header(question):
    return attempt(lambda: cgi.parse_header(question["line"]))


def field(item):
    found = {name: getattr(item, name) for name in ("name", "filename", "type", "disposition")}
    found["value"] = item.value if item.list is None else [field(one) for one in item.list]
    return found


def form(question):
    body = io.BytesIO(base64.b64decode(question["body"]))

    def read():
        found = cgi.FieldStorage(fp=body, environ=question["environ"], **question["kw"])
        return field(found)

    return attempt(read)


QUESTIONS = {
    "dumps": dumps,
    "loads": loads,
    "stream": stream,
    "parse_header": parse_header,
    "form": form,
    "has_cgi": lambda _question: cgi is not None,
}

for line in sys.stdin:
    asked = json.loads(json.loads(line)["question"])
    print(json.dumps({"answer": QUESTIONS[asked["ask"]](asked)}), flush=True)
