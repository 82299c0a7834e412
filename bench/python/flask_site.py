"""As in Flask's tutorial: posts from SQLite, a template, a session that counts visits."""
import sqlite3

from flask import Flask, g, render_template_string, session

app = Flask(__name__)
app.config["SECRET_KEY"] = "bench"
DATABASE = "file:bench?mode=memory&cache=shared"
PAGE = """<!doctype html><title>Posts</title><p>{{ visits }}</p>
{% for post in posts %}<article><h1>{{ post[0] }}</h1><p>{{ post[1] }}</p></article>{% endfor %}"""

# Kept open: what is in memory goes with the last connection.
keeper = sqlite3.connect(DATABASE, uri=True, check_same_thread=False)
keeper.execute("CREATE TABLE post (title TEXT, body TEXT)")
keeper.executemany("INSERT INTO post VALUES (?, ?)", [(f"Post {i}", "body & soul " * 10) for i in range(10)])
keeper.commit()


def database():
    if "database" not in g:
        g.database = sqlite3.connect(DATABASE, uri=True)
    return g.database


@app.teardown_appcontext
def close(_error):
    connection = g.pop("database", None)
    if connection is not None:
        connection.close()


@app.get("/")
def index():
    session["visits"] = session.get("visits", 0) + 1
    posts = database().execute("SELECT title, body FROM post").fetchall()
    return render_template_string(PAGE, posts=posts, visits=session["visits"])
