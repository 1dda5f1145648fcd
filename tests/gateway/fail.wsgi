import sys


class Raises:
    def __init__(self, items):
        self.items = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)

    def close(self):
        raise ValueError("in close")


def recursion():
    return recursion()


def late(start_response, exception):
    start_response("200 OK", [])
    yield b"begun"
    raise exception


def inner():
    raise ValueError("the reason\n[forged] line \x1b[31m")


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        inner()
    if path == "/exit":
        sys.exit(3)
    if path == "/interrupt":
        raise KeyboardInterrupt
    if path == "/generator-exit":
        raise GeneratorExit
    if path == "/memory":
        raise MemoryError
    if path == "/recursion":
        recursion()
    if path == "/late":
        return late(start_response, ValueError("late"))
    if path == "/late-exit":
        return late(start_response, SystemExit(3))
    if path == "/never-started":
        return [b"body"]
    if path == "/never-started-empty":
        return iter(())
    if path == "/empty-then-raise":
        start_response("200 OK", [])
        return Raises(empty_then_raise())
    if path == "/close":
        start_response("200 OK", [])
        return Raises([b"fine"])
    if path == "/exc-info":
        start_response("200 OK", [("X-First", "yes")])
        try:
            inner()
        except ValueError:
            start_response("500 Sorry", [("X-Second", "yes")], sys.exc_info())
        return [b"sorry"]
    if path == "/exc-info-late":
        return exc_info_late(start_response)
    start_response("200 OK", [])
    items = {
        "/str-item": ["text"],
        "/late-str-item": (item for item in [b"a", "text"]),
        "/bytes": b"bytes",
        "/str": "text",
        "/none": None,
        "/int": 5,
        "/list-of-none": [None],
    }
    return items[path]


def empty_then_raise():
    yield b""
    inner()


def exc_info_late(start_response):
    start_response("200 OK", [])
    yield b"begun"
    try:
        inner()
    except ValueError:
        start_response("500 Sorry", [], sys.exc_info())
    yield b"never"
