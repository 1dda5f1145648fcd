import atexit
import os
import signal
import sys
import threading
import time

event = threading.Event()
closed = []


@atexit.register
def at_exit():
    path = os.environ.get("AT_EXIT")
    if path:
        with open(path, "a") as file:
            file.write("atexit\n")


def waits(environ):
    try:
        yield b"first"
        event.wait(60)
        yield b"second"
    finally:
        closed.append(1)


def fifo(environ):
    yield b"first"
    with open(environ["QUERY_STRING"]) as file:
        file.read()
    yield b"second"


def application(environ, start_response):
    path = environ["PATH_INFO"]
    body = b"done"
    if path == "/waits":
        start_response("200 OK", [])
        return waits(environ)
    if path == "/fifo":
        start_response("200 OK", [])
        return fifo(environ)
    if path == "/set":
        event.set()
    elif path == "/signal":
        before = signal.getsignal(signal.SIGTERM)
        handler = lambda *arguments: None
        same = signal.signal(signal.SIGTERM, handler) is handler
        body = repr((same, signal.getsignal(signal.SIGTERM) == before)).encode()
    elif path == "/hang":
        event.wait(60)
    elif path == "/thread":
        threading.Thread(target=time.sleep, args=(0.2,), daemon=False).start()
    elif path == "/daemon-thread":
        threading.Thread(target=time.sleep, args=(60,)).start()
    elif path == "/die":
        os._exit(3)
    elif path == "/gone":
        write = start_response("200 OK", [])
        try:
            while True:
                write(b"x" * 1000)
        except OSError as exception:
            print("write raised: %s" % exception, file=environ["wsgi.errors"])
            raise
    elif path == "/fork":
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        body = repr(os.waitpid(child, 0)[1]).encode()
    start_response("200 OK", [])
    return [body]
