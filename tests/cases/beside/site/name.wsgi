"""What a script's module is called, and what it knows of its file."""
import os
import sys

def application(environ, start_response):
    module = sys.modules.get(__name__)
    lines = ["name=" + __name__, "file=" + __file__, "in sys.modules=%s" % (getattr(module, "application", None) is application),
             "mtime=%s" % (__mtime__ == os.stat(__file__).st_mtime_ns // 1000), "group=" + environ["mod_wsgi.application_group"],
             "package=%r" % (__package__,), "names=" + " ".join(sorted(name for name in globals() if name.startswith("__"))),
             "main=%s" % (sys.modules["__main__"] is not module), "script=" + environ["SCRIPT_NAME"],
             "old=" + environ["mod_wsgi.script_name"], "file=" + environ["SCRIPT_FILENAME"], "argv=%s" % sys.argv,
             "flags=%s" % (application.__code__.co_filename == __file__), "info=" + environ["PATH_INFO"]]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["\n".join(lines).encode()]
