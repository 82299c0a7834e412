"""What Python's http.cookies, html and email.utils do: one question a line of JSON, one answer a line."""

import email.utils
import html
import http.cookies
import json
import sys


def state(cookies):
    """Each Morsel, its attributes without the empty ones."""
    return [
        [name, morsel.key, morsel.value, morsel.coded_value, {key: value for key, value in morsel.items() if value != ""}]
        for name, morsel in cookies.items()
    ]


def load(question):
    """The cookies of a header, also if an error ends it."""
    cookies = http.cookies.SimpleCookie()
    error = None
    try:
        cookies.load(question["header"])
    except http.cookies.CookieError as raised:
        error = str(raised)
    return {"error": error, "state": state(cookies), "output": cookies.output()}


def store(question):
    """A cookie that was set, with attributes."""
    cookies = http.cookies.SimpleCookie()
    cookies[question["name"]] = question["value"]
    for name, value in json.loads(question["attributes"]):
        cookies[question["name"]][name] = value
    return {"state": state(cookies), "output": cookies.output()}


def escape(question):
    return [html.escape(question["text"]), html.escape(question["text"], False), html.unescape(question["text"])]


def parse(question):
    """The tuple, and the datetime or None if there is none."""
    text = question["text"]
    try:
        moment = email.utils.parsedate_to_datetime(text).isoformat()
    except ValueError:
        moment = None
    return [email.utils.parsedate_tz(text), moment]


def write(question):
    """The dates of a time, or None if it is out of range."""
    seconds = float(question["seconds"])
    try:
        return [email.utils.formatdate(seconds), email.utils.formatdate(seconds, usegmt=True)]
    except (ValueError, OverflowError):
        return None


QUESTIONS = {"load": load, "store": store, "escape": escape, "parse": parse, "write": write}

for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"answer": QUESTIONS[asked["ask"]](asked)}
    except Exception as error:  # Whatever it is: it is the answer.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
