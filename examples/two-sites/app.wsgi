"""Both sites run this script; what it imports depends on the virtual environment of its process group."""
from importlib.metadata import version

import itsdangerous  # noqa: F401


def application(environ, start_response):
    text = "%s: itsdangerous %s\n" % (environ["mod_wsgi.process_group"], version("itsdangerous"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
