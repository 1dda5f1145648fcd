import io
from wsgiref.validate import validator


def plain(environ, start_response):
    path = environ["PATH_INFO"]
    stream = environ["wsgi.input"]
    errors = environ["wsgi.errors"]
    errors.write("a line\n")
    errors.writelines(["two ", "lines\n", "and a rest"])
    errors.flush()
    if path == "/read":
        body = stream.read(5) + stream.readline() + b"".join(stream.readlines()) + stream.read(1)
    elif path == "/iterate":
        body = b"".join(line for line in stream)
    else:
        body = b"valid"
    if path == "/write":
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(body)
        return []
    if path == "/file":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"a file"), 2)
    if path == "/204":
        start_response("204 No Content", [])
        return []
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


application = validator(plain)
