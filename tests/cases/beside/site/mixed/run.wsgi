"""Answers with its environ."""
import json

def shown(value):
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, tuple):
        return list(value)
    return "a number" if isinstance(value, float) else "an object"

def application(environ, start_response):
    body = json.dumps({key: shown(value) for key, value in environ.items()}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]

def other(environ, start_response):
    environ["callable"] = "other"
    return application(environ, start_response)
