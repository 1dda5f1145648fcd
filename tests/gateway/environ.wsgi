def application(environ, start_response):
    assert type(environ) is dict
    assert all(type(key) is str for key in environ)
    path = environ["PATH_INFO"]
    if path == "/poison":
        environ["poisoned"] = True
        environ["SERVER_NAME"] = "elsewhere"
    wanted = environ["QUERY_STRING"].split(",")
    body = "\n".join("%s=%r" % (name, environ.get(name)) for name in wanted)
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [body.encode("utf-8", "surrogateescape")]
