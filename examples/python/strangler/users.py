"""Rows of the table of users, for the routes in TypeScript. It is mounted nowhere: no client reaches it."""
import json
import os
import sqlite3
from urllib.parse import parse_qs

DATABASE = os.path.join('instance', 'flaskr.sqlite')
COLUMNS = ('id', 'username', 'password')


def application(environ, start_response):
    query = parse_qs(environ['QUERY_STRING'], keep_blank_values=True)
    column = 'id' if 'id' in query else 'username'
    db = sqlite3.connect(DATABASE)
    try:
        row = db.execute(
            'SELECT id, username, password FROM user WHERE %s = ?' % column, query[column][:1]
        ).fetchone()
    finally:
        db.close()
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps(row and dict(zip(COLUMNS, row))).encode()]
