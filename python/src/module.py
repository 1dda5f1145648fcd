# What an interpreter needs that is best said in Python. Run once in each interpreter, in a namespace of its own, which also
# holds `native` (functions of the library) and `settings`.

import sys

# The working directory, which `python -c` puts there and a sub-interpreter finds again.
if sys.path[:1] == [""]:
    del sys.path[0]

import io
import posix
from _operator import index
import threading  # Now, so that its main thread is the one that made the interpreter.


# Levels of the error log.
CRIT, ERROR, WARN, INFO, DEBUG = 2, 3, 4, 6, 7


class FileWrapper:
    """wsgi.file_wrapper: a file-like object as an iterable of blocks."""

    def __init__(self, filelike, blksize=8192):
        self.filelike = filelike
        self.blksize = index(blksize)
        if self.blksize < 0:
            raise ValueError("blksize must not be negative")

    def close(self):
        close = getattr(self.filelike, "close", None)
        if close is not None:
            close()

    def __iter__(self):
        return self

    def __next__(self):
        block = self.filelike.read(self.blksize)
        if block:
            return block
        raise StopIteration


class RequestTimeout(BaseException):
    """Raised in a request that takes longer than request-timeout."""


def place_of_file(wrapper):
    """The descriptor of a wrapper's file and where it stands, if sending that file is the same as iterating."""
    kind = type(wrapper)
    if kind.__next__ is not FileWrapper.__next__ or kind.__iter__ is not FileWrapper.__iter__:
        return None
    filelike = wrapper.filelike
    if isinstance(filelike, io.TextIOBase):
        return None
    # What decompresses has the descriptor of the compressed file.
    if isinstance(filelike, io.BufferedIOBase) and not isinstance(filelike, (io.BufferedReader, io.BufferedRandom)):
        return None
    try:
        return filelike.fileno(), filelike.tell()
    except Exception:
        return None


class Log(io.RawIOBase):
    """What is written goes to the error log, by lines; an unfinished line waits in its request, or else in its thread."""

    def __init__(self, name, descriptor):
        self.name = name
        self._descriptor = descriptor

    def writable(self):
        return True

    def fileno(self):
        return self._descriptor

    def write(self, block):
        block = bytes(block)
        native["log_bytes"](block)
        return len(block)

    def flush(self):
        native["end_line"]()

    def close(self):
        """Ends the line: the log is not the application's to close."""
        native["end_line"]()


Log.__module__ = "mod_wsgi"


def log_stream(name, descriptor):
    raw = Log(name, descriptor)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True, write_through=True)


class Restricted:
    """Stands for sys.stdin or sys.stdout where they must not be used."""

    # So that Python, when it ends, leaves it alone.
    closed = True

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        raise OSError("%s access restricted by mod_wsgi" % self._name)


Restricted.__module__ = "mod_wsgi"


def caller():
    """Who called what calls this, as the lines of a traceback."""
    frame, lines = sys._getframe(2), []
    while frame is not None:
        code = frame.f_code
        lines.append('  File "%s", line %d, in %s' % (code.co_filename, frame.f_lineno, code.co_name))
        frame = frame.f_back
    return "\n".join(lines)


def restrict_signal():
    """WSGIRestrictSignal: the process's signals belong to the server."""
    import _signal

    original = _signal.signal
    process = posix.getpid()

    def signal(signalnum, handler):
        if posix.getpid() != process:
            return original(signalnum, handler)
        text = "signal.signal(%s, ...) is ignored: signals belong to the server. It was called from:" % (signalnum,)
        native["log"](INFO, text + "\n" + caller())
        return handler

    signal.__doc__ = original.__doc__
    _signal.signal = signal


def end_service():
    """SIGTERM ends a service script as sys.exit() would."""
    import signal

    def terminate(signalnum, frame):
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, terminate)


def extend_path(home, folders):
    """`home`, then the folders with what their .pth files name, then what was there."""
    before = list(sys.path)
    if folders:
        import site

        for folder in folders:
            try:
                site.addsitedir(folder)
            except Exception:
                native["log"](ERROR, "WSGI0091: site.addsitedir() has failed for '%s':\n%s" % (folder, describe(*sys.exc_info())))
    known = set(before)
    added = [entry for entry in sys.path if entry not in known]
    # A folder that was on the path already moves to the front too.
    first = []
    for entry in ([home] if home else []) + list(folders) + added:
        if entry not in first and (entry in sys.path or entry == home):
            first.append(entry)
    sys.path[:] = first + [entry for entry in before if entry not in first]


def adopt_package(module):
    """A package `mod_wsgi` that is installed gives its submodules: `mod_wsgi.express`."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec("mod_wsgi")
    if spec is not None and spec.submodule_search_locations is not None:
        module.__path__ = list(spec.submodule_search_locations)


def digest(data):
    """The MD5 sum of a script's file name, which makes its module's name."""
    try:
        from _md5 import md5
    except ImportError:
        from hashlib import md5
    try:
        return md5(data, usedforsecurity=False).hexdigest()
    except TypeError:
        return md5(data).hexdigest()


def describe(kind, value, traceback):
    """The lines of an exception."""
    from traceback import format_exception

    return "".join(format_exception(kind, value, traceback))


def stack(thread):
    """What a thread of this process does, as the lines of a traceback."""
    from traceback import format_stack

    frame = sys._current_frames().get(thread)
    return "".join(format_stack(frame)) if frame is not None else "  (it runs no Python)"


def end_threads():
    """What Python does first when it ends, and only once: waits for the threads that are not daemon threads."""
    shutdown, threading._shutdown = threading._shutdown, lambda: None
    shutdown()


def run_at_exit():
    """What Python does next. Only where the interpreter cannot be ended as a whole."""
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()


def set_up():
    sys.argv[:] = ["mod_wsgi"]
    sys.stdout = Restricted("sys.stdout") if settings["restrict_stdout"] else log_stream("<stdout>", 1)
    sys.stderr = log_stream("<stderr>", 2)
    if settings["restrict_stdin"]:
        sys.stdin = Restricted("sys.stdin")
    if settings["service"]:
        if settings["main"]:
            end_service()
    elif settings["restrict_signal"]:
        restrict_signal()
    if settings["switch_interval"] is not None:
        sys.setswitchinterval(settings["switch_interval"])
    extend_path(settings["home"], settings["python_path"])


set_up()
