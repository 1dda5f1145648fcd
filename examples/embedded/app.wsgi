"""Counts its calls. Each application group loads the script for itself, and so has a counter of its own."""
import threading

lock = threading.Lock()
calls = 0


def application(environ, start_response):
    global calls
    with lock:
        calls += 1
        text = "application group %r: call %d\n" % (environ["mod_wsgi.application_group"], calls)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
