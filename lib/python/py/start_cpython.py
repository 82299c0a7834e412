"""Starts a CPython process of the gateway: `python -u start_cpython.py`, with sockets for descriptors 3 and up."""
import os
import sys

if sys.version_info < (3, 8):
    sys.exit('wsgi: applications need Python 3.8 or newer, and this is %s' % sys.version.split()[0])

# Where the application finds modules is not for this folder to be in.
_folder = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [_folder] + [path for path in sys.path if os.path.abspath(path) != _folder]
from wsgi_gateway.host import Host  # noqa: E402

sys.path.remove(_folder)

if __name__ == '__main__':
    sys.exit(Host().main())
