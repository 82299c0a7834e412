"""What a thread of Pyodide imports before it knows its application, so that it can be saved for the next one."""
import importlib
import json
import os
import sys

# The rest of the gateway, and what it imports.
from . import loader, pyodide_host, pyodide_loop, pyodide_patches, servers, streams  # noqa: F401


class Watched(dict):
    """The environment's own dict, which notes what is looked for."""

    def __init__(self, other, names):
        super().__init__(other)
        self._names = names

    def __getitem__(self, key):
        self._names.add(os.fsdecode(key))
        return super().__getitem__(key)

    def __contains__(self, key):
        self._names.add(os.fsdecode(key))
        return super().__contains__(key)

    def __iter__(self):
        self._names.add('*')
        return super().__iter__()


def prepare(told):
    """Imports modules of packages, which see `env`. Gives the names of variables that were looked for meanwhile."""
    told = json.loads(told)
    if told['connections']:
        # With what else it imports.
        from . import pyodide_connections  # noqa: F401
        from . import pyodide_handlers

        pyodide_handlers.install()
    else:
        pyodide_patches.install()
        servers.PATCHES['asgiref.sync'] = pyodide_loop.asgiref
    # Before packages that keep one of them, as handlers of logging do, or a class of a server, as flask-sock does.
    streams.install()
    servers.install()
    names = set()
    if told['modules']:
        _import(told['modules'], told['packages'], told['env'], names)
    return json.dumps(sorted(names))


def _import(modules, packages, env, names):
    # It keeps a copy of the environment, which the host replaces: not a reason to do without a snapshot.
    import wsgiref.handlers  # noqa: F401

    before, paths = dict(os.environ), list(sys.path)
    _replace(env)
    os.environ._data = watched = Watched(os.environ._data, names)
    sys.path.extend(packages)
    try:
        for name in modules:
            try:
                importlib.import_module(name)
            except BaseException:
                # It is the application that may expect this.
                continue
    finally:
        # A copy looks at each.
        watched._names = set()
        os.environ._data = dict(watched)
        now = dict(os.environ)
        pyodide_host.written = {name: now.get(name) for name in {*env, *now} if env.get(name) != now.get(name)}
        _replace(before)
        sys.path[:] = paths
        importlib.invalidate_caches()


def _replace(env):
    os.environ.clear()
    os.environ.update(env)


def packaged(packages):
    """Names of the modules that were imported from packages, in that order. `packages`: folders, and what is at their top."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, '__file__', None)
        if not isinstance(file, str) or name == '__main__':
            continue
        top = name.partition('.')[0]
        if any(file.startswith(folder + '/') and top in tops for folder, tops in packages):
            found.append(name)
    return found
