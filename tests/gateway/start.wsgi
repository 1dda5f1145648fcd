CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def application(environ, start_response):
    arguments = eval(environ["QUERY_STRING"])
    try:
        start_response(*arguments)
    except Exception as exception:
        body = ("%s: %s" % (type(exception).__name__, exception)).encode()
        start_response("200 OK", [("X-Raised", type(exception).__name__)])
        return [body]
    return [b"accepted"]
