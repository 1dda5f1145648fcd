import sys
import threading

kept = {}


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/keep":
        kept["input"] = environ["wsgi.input"]
        kept["errors"] = environ["wsgi.errors"]
        kept["start_response"] = start_response
        kept["write"] = start_response("200 OK", [])
        return [b"kept"]
    results = []
    for call in (
        lambda: kept["input"].read(),
        lambda: kept["input"].readline(),
        lambda: kept["input"].readlines(),
        lambda: next(kept["input"]),
        lambda: kept["errors"].write("late"),
        lambda: kept["errors"].flush(),
        lambda: kept["start_response"]("200 OK", []),
        lambda: kept["write"](b"late"),
    ):
        try:
            call()
            results.append("no exception")
        except Exception as exception:
            results.append(type(exception).__name__)
    start_response("200 OK", [])
    return [",".join(results).encode()]
