"""`wsgi.file_wrapper` (PEP 3333 "Optional Platform-Specific File Handling"): files on disk need not pass through Python."""
import io
import os
import stat
import tempfile

# Set where descriptors are not those of the system: gives descriptor, device and inode there, or None.
identify = None


class FileWrapper:
    """A file as an iterable of its blocks; Python's `wsgiref.util.FileWrapper`."""

    def __init__(self, filelike, blksize=8192):
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, 'close'):
            self.close = filelike.close

    def __iter__(self):
        return self

    def __next__(self):
        data = self.filelike.read(self.blksize)
        if data:
            return data
        raise StopIteration

    def blocks(self, left):
        """Its blocks, up to so many bytes; None: all."""
        while left is None or left > 0:
            size = self.blksize if left is None else min(self.blksize, left)
            data = self.filelike.read(size)
            if not data:
                return
            yield data
            if left is not None:
                left -= len(data)


def on_disk(filelike):
    """Where the gateway finds the rest of an open file, as JSON can have it; None for all but regular files.

    Only for objects that are known to read the bytes of their descriptor as they are: `fileno()` of a GzipFile is that
    of the compressed file.
    """
    plain = filelike
    if isinstance(plain, tempfile._TemporaryFileWrapper):
        plain = plain.file
    elif type(plain) is tempfile.SpooledTemporaryFile:
        plain = plain._file
    if type(plain) is io.BufferedReader or type(plain) is io.BufferedRandom:
        if type(plain.raw) is not io.FileIO:
            return None
    elif type(plain) is not io.FileIO:
        return None
    try:
        if plain.writable():
            plain.flush()
        descriptor = plain.fileno()
        status = os.fstat(descriptor)
        position = plain.tell()
    except (OSError, ValueError):
        return None
    # Files of procfs say that they are empty, and are not.
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0 or not plain.readable():
        return None
    name = plain.name
    real = descriptor, status.st_dev, status.st_ino
    if identify is not None:
        real = identify(descriptor)
        if real is None:
            return None
    return {
        'descriptor': int(real[0]),
        'position': position,
        'size': status.st_size,
        'device': str(real[1]),
        'inode': str(real[2]),
        'path': os.path.abspath(name) if isinstance(name, str) else None,
    }
