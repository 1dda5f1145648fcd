import io
import logging
import sys
import warnings


def application(environ, start_response):
    errors = environ["wsgi.errors"]
    print("from print", file=errors)
    errors.write("control \x1b[31m and caf\xe9 and \udc80\n")
    errors.write("begun ")
    errors.write("and ended\n")
    print("to stdout")
    print("to stderr", file=sys.stderr)
    sys.stderr.write("unfinished on stderr")
    sys.stderr.buffer.write(b"; bytes\n")
    errors.write("text, ")
    errors.buffer.write(b"bytes, ")
    errors.write("text again\n")
    errors.write("flushed")
    errors.flush()
    errors.write("after it\n")
    sys.stderr.write("the same line ")
    errors.write("for both\n")
    assert isinstance(errors, io.TextIOWrapper)
    errors.write("x" * 20000 + "\n")
    assert sys.stderr.fileno() == 2 and not errors.isatty() and errors.encoding == "utf-8"
    try:
        errors.write(b"bytes")
    except TypeError as exception:
        errors.write("%s\n" % exception)
    logging.basicConfig()
    logging.warning("from logging")
    errors.write("without an end")
    start_response("200 OK", [])
    return [b"logged"]
