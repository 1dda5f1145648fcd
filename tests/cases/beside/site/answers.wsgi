"""What applications answer at the edges of PEP 3333. PATH_INFO says what, the query with which argument, as Python writes it."""
import ast
import io
import sys
import time
from urllib.parse import unquote

TEXT = [("Content-Type", "text/plain")]
closed = []

class Result:
    """An iterable whose close() is counted."""
    def __init__(self, items, fails=None):
        self.items, self.fails = iter(items), fails
    def __iter__(self):
        if self.fails == "iter":
            raise RuntimeError("in __iter__")
        return self
    def __next__(self):
        item = next(self.items)
        if isinstance(item, BaseException):
            raise item
        return item
    def close(self):
        closed.append(1)
        if self.fails == "close":
            raise RuntimeError("in close")

class Sized(Result):
    def __len__(self):
        return 1

class OldIterable:
    def __getitem__(self, place):
        if place > 2:
            raise IndexError
        return b"item %d;" % place
    def close(self):
        closed.append(1)

class NoIterable:
    def close(self):
        closed.append(1)

class Text(str):
    pass

class Several(list):
    pass

class Pair(tuple):
    pass

class Block(bytes):
    pass

def closes(environ, start_response):
    """Says how often close() was called since it was asked last."""
    for _ in range(50):
        if closed:
            break
        # The client has all of its answer before close() is called.
        time.sleep(0.01)
    count, closed[:] = len(closed), []
    start_response("200 OK", TEXT)
    return [b"%d" % count]

def called(environ, start_response):
    """start_response with these arguments."""
    start_response(*eval(unquote(environ["QUERY_STRING"])))
    return [b"sent"]

def named(environ, start_response):
    start_response(status="200 OK", headers=TEXT)
    return [b"named"]

def header(environ, start_response):
    start_response("200 OK", TEXT + [ast.literal_eval(unquote(environ["QUERY_STRING"]))])
    return [b"sent"]

def headers(environ, start_response):
    start_response("200 OK", ast.literal_eval(unquote(environ["QUERY_STRING"])))
    return [b"sent"]

def odd_name(environ, start_response):
    start_response("200 OK", TEXT + [("X" + unquote(environ["QUERY_STRING"], "latin-1") + "Y", "1")])
    return [b"sent"]

def odd_value(environ, start_response):
    start_response("200 OK", TEXT + [("X-Odd", "a" + unquote(environ["QUERY_STRING"], "latin-1") + "b")])
    return [b"sent"]

def status(environ, start_response):
    start_response(unquote(environ["QUERY_STRING"], "latin-1"), TEXT + [("Content-Length", "4"), ("Connection", "close")])
    return [b"sent"]

def returns(environ, start_response):
    """Returns this."""
    start_response("200 OK", TEXT)
    return eval(unquote(environ["QUERY_STRING"]))

def with_length(environ, start_response):
    """Says this length and returns this."""
    length, _, result = unquote(environ["QUERY_STRING"]).partition(":")
    start_response("200 OK", TEXT + [("Content-Length", length)])
    return eval(result)

def of_status(environ, start_response):
    """Says this status and returns this."""
    line, _, result = unquote(environ["QUERY_STRING"]).partition(":")
    start_response(line, TEXT)
    return eval(result)

def of_status_with_length(environ, start_response):
    line, _, result = unquote(environ["QUERY_STRING"]).partition(":")
    start_response(line, TEXT + [("Content-Length", "4")])
    return eval(result)

def writes(environ, start_response):
    """Writes each of these, and says what write() gave."""
    send = start_response("200 OK", TEXT)
    gave = []
    for block in eval(unquote(environ["QUERY_STRING"])):
        try:
            gave.append(repr(send(block)))
        except Exception as error:
            gave.append(type(error).__name__)
    return [" ".join(gave).encode()]

def writes_with_length(environ, start_response):
    length, _, blocks = unquote(environ["QUERY_STRING"]).partition(":")
    send = start_response("200 OK", TEXT + [("Content-Length", length)])
    for block in eval(blocks):
        send(block)
    return []

def writes_wrongly(environ, start_response):
    send = start_response("200 OK", TEXT)
    gave = []
    for call in (lambda: send(), lambda: send(b"a", b"b"), lambda: send(data=b"a"), lambda: send("text"), lambda: send(None)):
        try:
            gave.append(repr(call()))
        except Exception as error:
            gave.append(type(error).__name__)
    return [" ".join(gave).encode()]

def writes_then_raises(environ, start_response):
    send = start_response("200 OK", TEXT + [("Content-Length", "20")])
    send(b"written")
    raise RuntimeError("after write()")

def writes_then_twice(environ, start_response):
    send = start_response("200 OK", TEXT)
    send(b"written ")
    try:
        start_response("201 Created", TEXT)
    except Exception as error:
        send(type(error).__name__.encode())
    return [b" end"]

def writes_late(environ, start_response):
    send = start_response("200 OK", TEXT)
    yield b"first "
    send(b"between ")
    yield b"last"

def old_write(environ, start_response):
    first = start_response("200 OK", TEXT)
    start_response("201 Created", TEXT)
    first(b"by the first write()")
    return []

def starts_again(environ, start_response):
    """Calls it again after an empty block, with this exc_info."""
    start_response("200 OK", TEXT + [("X-First", "1")])
    yield b""
    start_response("202 Accepted", TEXT + [("X-Second", "1")], eval(unquote(environ["QUERY_STRING"] or "None")))
    yield b"second"

def starts_again_late(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "40")])
    yield b"sent "
    try:
        start_response("500 Oops", TEXT, eval(unquote(environ["QUERY_STRING"] or "None")))
    except BaseException as error:
        yield type(error).__name__.encode().ljust(35)[:35]

def in_handler(environ, start_response):
    try:
        raise ValueError("as PEP 3333 shows")
    except ValueError:
        start_response("503 Sorry", TEXT, sys.exc_info())
    return [b"page"]

def second_is_wrong(environ, start_response):
    start_response("200 OK", TEXT)
    try:
        start_response("201 \n", TEXT)
    except Exception as error:
        return [type(error).__name__.encode()]
    return [b"accepted"]

def raises(environ, start_response):
    """Raises this at once."""
    raise eval(unquote(environ["QUERY_STRING"]))

def raises_after_start(environ, start_response):
    start_response("200 OK", TEXT)
    raise eval(unquote(environ["QUERY_STRING"]))

def without_start(environ, start_response):
    return eval(unquote(environ["QUERY_STRING"]))

def starts_in_iteration(environ, start_response):
    def items():
        start_response("200 OK", TEXT)
        yield b"started late"
    return Result(items())

def file_named(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", environ["QUERY_STRING"])])
    return environ["wsgi.file_wrapper"](open(__file__.replace("answers.wsgi", "hello.txt"), "rb"))

class Counted(io.FileIO):
    def close(self):
        if not self.closed:
            closed.append(1)
        super().close()

def file_counted(environ, start_response):
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](Counted(__file__.replace("answers.wsgi", "hello.txt")))

def file_written(environ, start_response):
    start_response("200 OK", TEXT)(b"before ")
    return environ["wsgi.file_wrapper"](Counted(__file__.replace("answers.wsgi", "hello.txt")))

def file_of_status(environ, start_response):
    start_response(unquote(environ["QUERY_STRING"]), [])
    return environ["wsgi.file_wrapper"](Counted(__file__.replace("answers.wsgi", "hello.txt")))

def file_without_start(environ, start_response):
    return environ["wsgi.file_wrapper"](Counted(__file__.replace("answers.wsgi", "hello.txt")))

class Upper:
    """Like a file, with the descriptor of one."""
    def __init__(self, file):
        self.file = file
    def read(self, size=-1):
        return self.file.read(size).upper()
    def close(self):
        closed.append(1)

def file_like(environ, start_response):
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](Upper(open(__file__.replace("answers.wsgi", "hello.txt"), "rb")), 4)

def file_without_close(environ, start_response):
    class Bare:
        blocks = [b"one ", b"two", b""]
        def read(self, size):
            return self.blocks.pop(0)
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](Bare())

def wrapper(environ, start_response):
    """What a wrapper is."""
    kind = environ["wsgi.file_wrapper"]
    class Derived(kind):
        def extra(self):
            return "derived"
    one, two = kind(io.BytesIO(b"abcdef"), 4), Derived(io.BytesIO(b"x"), blksize=2)
    seen = [kind.__name__, kind.__module__, one.blksize, kind(io.BytesIO()).blksize, one.filelike.getvalue(), list(one), iter(two) is two,
            two.extra(), two.blksize, type(two).__name__, hasattr(one, "close")]
    one.close()
    for wrong in (lambda: kind(), lambda: kind(1, 2, 3), lambda: kind(io.BytesIO(), "x"), lambda: kind(io.BytesIO(), None),
                  lambda: kind(io.BytesIO(), -1), lambda: kind(io.BytesIO(), blksize=3).blksize, lambda: next(iter(kind(1)))):
        try:
            wrong()
            seen.append("nothing raised")
        except Exception as error:
            seen.append(type(error).__name__)
    start_response("200 OK", TEXT)
    return [repr(seen).encode()]

def application(environ, start_response):
    return globals()[environ["PATH_INFO"][1:]](environ, start_response)
