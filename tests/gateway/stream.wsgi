closed = []


class Counter:
    def __init__(self, items):
        self.items = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)

    def close(self):
        closed.append(1)


def endless():
    try:
        while True:
            yield b"x" * 1000
    finally:
        closed.append(1)


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/closed":
        start_response("200 OK", [])
        return [str(len(closed)).encode()]
    if path == "/endless":
        start_response("200 OK", [])
        return endless()
    if path == "/length":
        start_response("200 OK", [("Content-Length", "5")])
        return Counter([b"12345"])
    if path == "/surplus":
        start_response("200 OK", [("Content-Length", "5")])
        return Counter([b"123", b"4567", b"89"])
    if path == "/short":
        start_response("200 OK", [("Content-Length", "5")])
        return Counter([b"123"])
    if path == "/empty":
        start_response("200 OK", [])
        return Counter([])
    if path == "/empties":
        start_response("404 Not Yet", [])
        return Counter([b"", start_response_again(start_response), b"", b"a", b"", b"b"])
    if path == "/write":
        write = start_response("200 OK", [])
        write(b"one")
        write(b"")
        write(b"two")
        return [b"three"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return Counter([b"one", b"two", b"three"])


def start_response_again(start_response):
    start_response("200 OK", [("X-Again", "yes")])
    return b""
