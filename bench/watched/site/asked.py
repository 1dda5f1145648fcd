"""What the server asks scripts: who may come in, and where a request runs."""
from urllib.parse import parse_qs


def said(environ, name):
    value = parse_qs(environ["QUERY_STRING"]).get(name, [None])[0]
    if value == "raise":
        raise ValueError("on purpose")
    return value


def process_group(environ):
    return said(environ, "process")


def application_group(environ):
    return said(environ, "application")


def callable_object(environ):
    return said(environ, "callable")


def allow_access(environ, host):
    return {"no": False}.get(environ["QUERY_STRING"])


def check_password(environ, user, password):
    return {"yes": True, "no": False, "none": None, "other": "another"}[user]


def groups_for_user(environ, user):
    return {"yes": ["staff", b"bytes"]}[user]


def get_realm_hash(environ, user, realm):
    return {"yes": "0" * 32}[user]
