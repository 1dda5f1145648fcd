"""Says hello, and which Python says it."""
import platform


def application(environ, start_response):
    text = "Hello from Python %s, process group %r.\n" % (
        platform.python_version(), environ["mod_wsgi.process_group"])
    body = text.encode()
    start_response("200 OK", [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
    ])
    return [body]
