"""What applications answer, well and badly. PATH_INFO says what."""
import sys

TEXT = [("Content-Type", "text/plain")]

def plain(start_response, body, status="200 OK", headers=()):
    start_response(status, TEXT + [("Content-Length", str(len(body)))] + list(headers))
    return [body]

def generator(environ, start_response):
    start_response("200 OK", TEXT)
    yield b"one "
    yield b""
    yield b"two"

def late(environ, start_response):
    yield_first = b"late"
    start_response("200 OK", TEXT)
    yield yield_first

def fails_in_the_middle(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "20")])
    yield b"the beginning"
    raise RuntimeError("in the middle")

def fails_before_the_first(environ, start_response):
    start_response("200 OK", TEXT)
    raise RuntimeError("before the first")
    yield b""

def empty_parts(environ, start_response):
    start_response("200 OK", TEXT)
    yield b""
    yield b""

class Closes:
    closed = 0
    def __iter__(self):
        return iter([b"closed so far: %d" % Closes.closed])
    def close(self):
        Closes.closed += 1

def closes(environ, start_response):
    start_response("200 OK", TEXT)
    return Closes()

class BadClose:
    def __iter__(self):
        return iter([b"whole"])
    def close(self):
        raise ValueError("in close")

def bad_close(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "5")])
    return BadClose()

def write(environ, start_response):
    send = start_response("200 OK", TEXT)
    send(b"written ")
    send(b"")
    send(b"twice ")
    return [b"and returned"]

def write_only(environ, start_response):
    send = start_response("200 OK", TEXT + [("Content-Length", "7")])
    send(b"written")
    return []

def write_text(environ, start_response):
    send = start_response("200 OK", TEXT)
    send("text")
    return []

def exc_info(environ, start_response):
    start_response("200 OK", TEXT + [("X-First", "1")])
    try:
        raise ValueError("changed my mind")
    except ValueError:
        start_response("503 Not Now", TEXT + [("X-Second", "2")], sys.exc_info())
    return [b"second"]

def exc_info_late(environ, start_response):
    send = start_response("200 OK", TEXT + [("Content-Length", "30")])
    send(b"sent")
    try:
        raise ValueError("too late")
    except ValueError:
        start_response("500 Oops", TEXT, sys.exc_info())
    return [b"never"]

def twice(environ, start_response):
    start_response("200 OK", TEXT)
    start_response("201 Created", TEXT)
    return [b"twice"]

def no_start(environ, start_response):
    return [b"without a head"]

def none(environ, start_response):
    start_response("200 OK", TEXT)

def text(environ, start_response):
    start_response("200 OK", TEXT)
    return ["text"]

def a_string(environ, start_response):
    start_response("200 OK", TEXT)
    return b"bytes, one by one"

def raises(environ, start_response):
    raise KeyError("reason")

def exits(environ, start_response):
    sys.exit(3)

def too_short(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "10")])
    return [b"short"]

def too_long(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "4")])
    return [b"longer ", b"than said"]

def headers(environ, start_response):
    start_response("200 OK", TEXT + [
        ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/"), ("X-Empty", ""), ("X-Latin", "caf\xe9"),
        ("Cache-Control", "no-store"), ("Vary", "Cookie"), ("Vary", "Accept"), ("Content-Length", "0")])
    return []

def bad_header(name, value):
    def application(environ, start_response):
        start_response("200 OK", TEXT + [(name, value)])
        return [b"sent"]
    return application

def bad_status(status):
    def application(environ, start_response):
        start_response(status, TEXT)
        return [b"sent"]
    return application

def status(environ, start_response):
    code = environ["QUERY_STRING"]
    reason = {"200": "Fine", "201": "Created", "204": "No Content", "206": "Partial", "299": "Odd", "304": "Not Modified",
              "302": "Found", "400": "Bad", "401": "Who", "403": "Forbidden", "404": "Nothing Here", "418": "Teapot",
              "500": "Oh", "503": "Later", "599": "Last"}[code]
    headers = [("Location", "/elsewhere")] if code in ("201", "302") else []
    if code in ("204", "304"):
        start_response(code + " " + reason, [("X-Kept", "1")])
        return []
    return plain(start_response, b"status " + code.encode(), code + " " + reason, headers)

def location(environ, start_response):
    start_response("302 Found", [("Location", environ["QUERY_STRING"]), ("Content-Length", "0")])
    return []

def redirect_200(environ, start_response):
    start_response("200 OK", [("Location", "/status?200")])
    return []

def no_type(environ, start_response):
    start_response("200 OK", [])
    return [b"of no type"]

def file(environ, start_response):
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](open(__file__.replace("app.wsgi", "hello.txt"), "rb"))

def file_with_length(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "5")])
    return environ["wsgi.file_wrapper"](open(__file__.replace("app.wsgi", "hello.txt"), "rb"), 3)

def file_from_the_middle(environ, start_response):
    opened = open(__file__.replace("app.wsgi", "hello.txt"), "rb")
    opened.seek(6)
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](opened)

def like_a_file(environ, start_response):
    import io
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"in memory"), 4)

def big(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"x" * 65536 for _ in range(8)]

def big_at_once(environ, start_response):
    return plain(start_response, b"y" * 1000000)

def head_says(environ, start_response):
    return plain(start_response, b"method " + environ["REQUEST_METHOD"].encode())

# Reading.

def echo(environ, start_response):
    return plain(start_response, environ["wsgi.input"].read())

def echo_length(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return plain(start_response, environ["wsgi.input"].read(length))

def echo_some(environ, start_response):
    read = environ["wsgi.input"].read
    return plain(start_response, b"|".join([read(3), read(0), read(2), read(), read(), read(5)]))

def echo_lines(environ, start_response):
    stream = environ["wsgi.input"]
    parts = [stream.readline(), stream.readline(2), stream.readline(), repr(stream.readlines()).encode(), stream.readline()]
    return plain(start_response, b"|".join(parts))

def echo_iterated(environ, start_response):
    return plain(start_response, repr(list(environ["wsgi.input"])).encode())

def echo_hint(environ, start_response):
    return plain(start_response, repr(environ["wsgi.input"].readlines(4)).encode())

def unread(environ, start_response):
    return plain(start_response, b"not read")

def echo_generator(environ, start_response):
    start_response("200 OK", TEXT)
    while True:
        part = environ["wsgi.input"].read(4)
        if not part:
            return
        yield part + b";"

def lengths(environ, start_response):
    told = "%s %s %s" % (environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"), environ.get("CONTENT_TYPE"))
    return plain(start_response, told.encode())

NAMED = {
    "/bad_name": bad_header("X Name", "1"), "/bad_value": bad_header("X-Split", "1\r\nX-Injected: 1"),
    "/bad_type": bad_header("X-Number", 1), "/bad_text": bad_header("X-Euro", "\u20ac"), "/nul": bad_header("X-Nul", "a\0b"),
    "/colon": bad_header("X:Y", "1"), "/empty_name": bad_header("", "1"), "/leading": bad_header("X-Spaces", "  inner  "),
    "/status_text": bad_status("OK"), "/status_short": bad_status("20 OK"), "/status_number": bad_status(200),
    "/status_split": bad_status("200 OK\r\nX-Injected: 1"), "/status_alone": bad_status("200"), "/status_empty": bad_status(""),
    "/status_zero": bad_status("000 Nothing"), "/status_100": bad_status("100 Continue"), "/status_long": bad_status("2000 OK"),
}

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path in NAMED:
        return NAMED[path](environ, start_response)
    found = globals().get(path[1:])
    if not callable(found) or path == "/application":
        return plain(start_response, b"no such thing: " + path.encode("latin-1"), "404 Not Found")
    return found(environ, start_response)
