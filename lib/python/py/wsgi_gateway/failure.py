"""What the log says of an exception of the application."""
import os
import traceback


def describe(error):
    """What the log says of an exception: its type, its message, its traceback."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == 'builtins' else '%s.%s' % (kind.__module__, kind.__qualname__)
    told = traceback.TracebackException(kind, error, error.__traceback__)
    hide_own(told)
    # Our own words say it all, where nothing of the application is there.
    text = '' if not told.stack and isinstance(error, AssertionError) else ''.join(told.format())
    try:
        message = str(error)
    except Exception:
        message = '<str() of the exception failed>'
    return {'type': name, 'message': message, 'traceback': text}


_FOLDER = os.path.dirname(os.path.abspath(__file__))


def hide_own(told):
    """Leaves the calls of this package out of a traceback, and of those of its causes."""
    while told is not None:
        told.stack = traceback.StackSummary.from_list(
            [frame for frame in told.stack if os.path.dirname(frame.filename) != _FOLDER]
        )
        if told.__cause__ is not None:
            hide_own(told.__cause__)
        told = told.__context__
