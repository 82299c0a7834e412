"""A site of shared notes, as plain PEP 3333: python3 examples/porting/notes.py 8000. Its port is notes.ts."""
import html
import json
import secrets
import sys
from http.cookies import SimpleCookie
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server

sessions = {}
notes = []


def app(environ, start_response):
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    session = sessions.get(cookie(environ, "session"))
    if path == "/login":
        return log_in(environ, start_response) if method == "POST" else page(start_response, LOGIN)
    if session is None:
        return redirect(start_response, "/login")
    if path == "/" and method == "GET":
        return page(start_response, front_page(session))
    if path == "/notes" and method == "POST":
        return add_note(environ, start_response, session)
    if path == "/api/notes":
        body = json.dumps({"user": session["name"], "notes": notes}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
        return [body]
    start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
    return [("There is nothing at %s\n" % path.encode("latin-1").decode()).encode()]


def log_in(environ, start_response):
    name = form(environ).get("name", [""])[0].strip()
    if not name:
        return page(start_response, LOGIN, "400 Bad Request")
    key = secrets.token_hex(16)
    sessions[key] = {"name": name, "token": secrets.token_hex(8)}
    return redirect(start_response, "/", [("Set-Cookie", "session=%s; HttpOnly; Path=/" % key)])


def add_note(environ, start_response, session):
    fields = form(environ)
    if fields.get("csrf") != [session["token"]]:
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"This form is not yours\n"]
    notes.append({"by": session["name"], "text": fields.get("text", [""])[0]})
    return redirect(start_response, "/")


LOGIN = '<form method="post" action="/login"><input name="name"><button>Log in</button></form>'


def front_page(session):
    items = "".join("<li>%s: %s</li>" % (html.escape(one["by"]), html.escape(one["text"])) for one in notes)
    return (
        "<p>Hello %s</p><ul>%s</ul>" % (html.escape(session["name"]), items)
        + '<form method="post" action="/notes"><input type="hidden" name="csrf" value="%s">' % session["token"]
        + '<input name="text"><button>Add</button></form>'
    )


def page(start_response, body, status="200 OK"):
    start_response(status, [("Content-Type", "text/html; charset=utf-8")])
    return [("<!doctype html><title>Notes</title>%s\n" % body).encode()]


def redirect(start_response, to, headers=[]):
    start_response("303 See Other", [("Location", to)] + headers)
    return []


def form(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return parse_qs(body.decode())


def cookie(environ, name):
    morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(name)
    return morsel.value if morsel else None


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
