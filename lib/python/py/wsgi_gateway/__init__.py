"""The Python side of the gateway: runs a WSGI application (PEP 3333) for a server that is written in JavaScript.

Standard library only, for any CPython from 3.8 on. Both runtimes have these files.
"""
