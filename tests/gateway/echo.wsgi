import sys


def application(environ, start_response):
    stream = environ["wsgi.input"]
    path = environ["PATH_INFO"]
    if path == "/lines":
        body = b"|".join(stream)
    elif path == "/readline":
        body = repr([stream.readline(), stream.readline(3), stream.readline(), stream.readline(), stream.readline()])
        body = body.encode()
    elif path == "/readlines":
        body = repr([stream.readlines(2), stream.readlines()]).encode()
    elif path == "/pieces":
        pieces = []
        while True:
            piece = stream.read(3)
            if not piece:
                break
            pieces.append(piece)
        body = b"|".join(pieces) + repr((stream.read(), stream.read(5), stream.readline(), stream.readlines())).encode()
    elif path == "/error":
        try:
            body = stream.read()
        except OSError as first:
            try:
                body = stream.read()
            except OSError as second:
                body = ("%s\n%s" % (first, second)).encode()
    elif path == "/unread":
        body = b"x" * (4 << 20)
    else:
        body = stream.read()
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return [body]
