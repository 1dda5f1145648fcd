"""Says which Python runs it."""
import platform
import sys


def application(environ, start_response):
    text = "%s: Python %s in %s\n" % (environ["mod_wsgi.process_group"], platform.python_version(), sys.prefix)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
