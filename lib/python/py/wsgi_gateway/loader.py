"""Finds the application that `MODULE:CALLABLE` names, as gunicorn does; or runs a script that starts a server itself."""
import ast
import builtins
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
import types

from . import errors

DEFAULT_NAMES = ('application', 'app')

# Files that were read, and are in no module that is loaded: that failed, or were run as a script.
touched = set()


class LoadError(Exception):
    """One sentence; `details` is the traceback of the application's own code, if that failed."""

    def __init__(self, sentence, details=''):
        super().__init__(sentence)
        self.details = details


def load(module_name, expression):
    """The application. `expression`: a name, a dotted one, or a call with literals; None: `application` or `app`."""
    module = import_module(module_name)
    if expression is None:
        return default_of(vars(module), module_name)
    return evaluate(module, module_name, expression)


def import_module(name):
    """By its dotted name, or by the path of a file."""
    is_path = name.endswith('.py')
    if is_path:
        path = os.path.abspath(name)
        if not os.path.isfile(path):
            raise LoadError('There is no file %s' % path)
        touched.add(path)
        sys.path.insert(0, os.path.dirname(path))
        name = os.path.splitext(os.path.basename(path))[0]
    try:
        loaded = getattr(sys.modules.get(name), '__file__', None)
        if is_path and (loaded is None or os.path.abspath(loaded) != path):
            # This file, also where a package has the same name, or a module of Python that is loaded already (site, queue).
            while name in sys.modules:
                name += '_'
            spec = importlib.util.spec_from_file_location(name, path)
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
            return module
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + '.')):
            raise LoadError(
                'There is no Python module %s (looked in %s)' % (error.name, ', '.join(sys.path[:3]) or '.')
            ) from None
        raise LoadError('%s failed while it was loading' % name, own_traceback(error)) from None
    except BaseException as error:
        raise LoadError('%s failed while it was loading' % name, own_traceback(error)) from None


def default_of(names, shown):
    for name in DEFAULT_NAMES:
        if name in names:
            return checked(names[name], '%s in %s' % (name, shown), '%s:%s' % (shown, name))
    raise LoadError(
        '%s has neither application nor app: name the application, as in %s:CALLABLE' % (shown, shown)
    )


def evaluate(module, shown, expression):
    try:
        tree = ast.parse(expression, mode='eval').body
    except SyntaxError:
        raise LoadError('%r is neither a name nor a call of a factory' % expression) from None
    call = tree if isinstance(tree, ast.Call) else None
    value = module
    for name in _names(call.func if call else tree, expression):
        if not hasattr(value, name):
            raise LoadError('%s has no %s' % (shown, name))
        value = getattr(value, name)
    if call is None:
        return checked(value, '%s in %s' % (expression, shown), '%s:%s' % (shown, expression))
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args]
        named = {argument.arg: ast.literal_eval(argument.value) for argument in call.keywords}
    except ValueError:
        raise LoadError('The arguments of a factory must be literals, not %s' % expression) from None
    try:
        made = checked(value, expression)(*arguments, **named)
    except LoadError:
        raise
    except BaseException as error:
        raise LoadError('%s in %s failed' % (expression, shown), own_traceback(error)) from None
    return checked(made, 'What %s returned' % expression)


def _names(tree, expression):
    names = []
    while isinstance(tree, ast.Attribute):
        names.insert(0, tree.attr)
        tree = tree.value
    if not isinstance(tree, ast.Name):
        raise LoadError('%r is neither a name nor a call of a factory' % expression)
    return [tree.id] + names


def checked(value, what, target=None):
    """`target`: how it was named, if that was without a call."""
    if not callable(value):
        raise LoadError('%s is not callable: it is %s' % (what, type(value).__name__))
    if target is not None and type(value) is types.FunctionType and not _takes(value, {}, None):
        call = '()' if _takes(value) else '(...)'
        raise LoadError(
            '%s does not take (environ, start_response): if it is a factory, write %r' % (what, target + call)
        )
    return value


def _takes(function, *arguments):
    """Whether it can be called so. What it wraps, or says of itself, is not looked at: that is often another signature."""
    if hasattr(function, '__signature__'):
        return True
    try:
        inspect.signature(function, follow_wrapped=False).bind(*arguments)
    except TypeError:
        return False
    return True


def run_script(path, has_stopped):
    """Runs a file as `python FILE` would; gives its global names; None where it called sys.exit(). `has_stopped()`: the gateway has."""
    full = os.path.abspath(path)
    touched.add(full)
    try:
        with open(full, 'rb') as file:
            source = file.read()
    except OSError as error:
        raise LoadError('%s cannot be read: %s' % (full, error.strerror)) from None
    module = types.ModuleType('__main__')
    module.__file__ = path
    module.__builtins__ = builtins
    sys.modules['__main__'] = module
    sys.path.insert(0, os.path.dirname(full))
    try:
        exec(compile(source, path, 'exec'), vars(module))
    except SystemExit as error:
        if error.code not in (None, 0):
            raise LoadError('%s ended with sys.exit(%r)' % (path, error.code)) from None
        return None
    except errors.GatewayClosed:
        raise
    except BaseException as error:
        if not (isinstance(error, KeyboardInterrupt) and has_stopped()):
            raise LoadError('%s failed' % path, own_traceback(error)) from None
    return vars(module)


def own_traceback(error):
    """Without the calls of this package and of the import machinery above the application's own."""
    if isinstance(error, SyntaxError) and error.filename:
        touched.add(os.path.abspath(error.filename))
    if isinstance(error, ModuleNotFoundError) and error.name:
        touched.update(_files_of(error.name))
    frame = error.__traceback__
    while frame is not None:
        touched.add(os.path.abspath(frame.tb_frame.f_code.co_filename))
        frame = frame.tb_next
    frame = error.__traceback__
    while frame is not None and _is_foreign(frame):
        frame = frame.tb_next
    return ''.join(traceback.format_exception(type(error), error, frame))


def _files_of(name):
    """Where a module of the application would be that is not there yet."""
    path = name.replace('.', os.sep)
    for folder in sys.path:
        if os.path.isdir(folder):
            yield os.path.abspath(os.path.join(folder, path + '.py'))
            yield os.path.abspath(os.path.join(folder, path, '__init__.py'))


def _is_foreign(frame):
    names = frame.tb_frame.f_globals
    return names.get('__package__') == __package__ or str(names.get('__name__')).startswith('importlib')


def loaded_files():
    """The files of the application: not those of Python, of installed packages, or of this one."""
    modules = [getattr(module, '__file__', None) for module in list(sys.modules.values())]
    foreign = tuple(
        os.path.join(os.path.abspath(prefix), 'lib') for prefix in {sys.prefix, sys.base_prefix}
    ) + (os.path.dirname(os.path.dirname(os.path.abspath(__file__))),)
    found = {os.path.abspath(file) for file in modules if isinstance(file, str)} | touched
    return {file for file in found if file.endswith('.py') and not file.startswith(foreign)}
