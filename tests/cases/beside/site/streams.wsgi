"""What the streams are that a request finds: PATH_INFO says which; every attribute is told, and what the methods do."""
import io
import json
import sys

NAMES = ["buffer", "closed", "encoding", "line_buffering", "name", "newlines", "write_through", "mode", "_CHUNK_SIZE"]
CALLS = {
    "flush": (), "isatty": (), "readable": (), "seekable": (), "writable": (), "read": (), "readline": (),
    "readlines": (), "tell": (), "seek": (0,), "write": ("text\n",), "writelines": (["a\n", "b\n"],),
    "__iter__": (), "__next__": (), "__enter__": (), "reconfigure": (), "__getstate__": (),
}
MISUSES = {
    "write nothing": lambda stream: stream.write(), "write bytes": lambda stream: stream.write(b"x"),
    "write two": lambda stream: stream.write("x", "y"), "write named": lambda stream: stream.write(text="x"),
    "write None": lambda stream: stream.write(None), "writelines bytes": lambda stream: stream.writelines([b"x"]),
    "writelines a number": lambda stream: stream.writelines(1), "write the euro": lambda stream: stream.write("\u20ac\n"),
    "write a surrogate": lambda stream: stream.write("\udc80\n"), "write none at all": lambda stream: stream.write(""),
}

def told(value):
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return "an object"

def tried(function, *arguments):
    try:
        return told(function(*arguments))
    except Exception as error:
        text = "%s: %s" % (type(error).__name__, error)
        return text.replace("mod_wsgi.Errors", "_io.TextIOWrapper").replace("Errors.", "TextIOWrapper.")

def kinds(stream):
    return {kind.__name__: isinstance(stream, kind)
            for kind in (io.IOBase, io.TextIOBase, io.TextIOWrapper, io.RawIOBase, io.BufferedIOBase)}

def described(stream):
    seen = {"is " + name: is_one for name, is_one in kinds(stream).items()}
    seen.update({name: tried(getattr, stream, name) for name in NAMES})
    seen.update({name + "()": tried(lambda: getattr(stream, name)(*arguments)) for name, arguments in CALLS.items()})
    seen.update({name: tried(misuse, stream) for name, misuse in MISUSES.items()})
    seen["bool"] = bool(stream)
    seen["print"] = tried(lambda: print("printed", 1, file=stream))
    seen["print and flush"] = tried(lambda: print("printed", file=stream, flush=True))
    seen["attribute"] = tried(lambda: setattr(stream, "note", 1))
    seen["attribute again"] = tried(lambda: stream.note)
    seen["equal"] = stream == stream
    seen["hash"] = hash(stream) == hash(stream)
    buffer = stream.buffer
    seen.update({"buffer." + name + "()": tried(lambda: getattr(buffer, name)(*arguments))
                 for name, arguments in CALLS.items() if name in ("flush", "isatty", "readable", "seekable", "writable")})
    seen.update({"buffer." + name: tried(getattr, buffer, name) for name in ("name", "closed")})
    for name, block in (("bytes", b"bytes\n"), ("bytearray", bytearray(b"array\n")), ("memoryview", memoryview(b"view\n"))):
        try:
            buffer.write(block)
            seen["buffer.write " + name] = True
        except Exception as error:
            seen["buffer.write " + name] = str(error)
    seen["buffer.writelines"] = tried(buffer.writelines, [b"a\n", b"b\n"])
    seen["names"] = [name for name in dir(io.TextIOWrapper) if not hasattr(stream, name)]
    seen["names"] = " ".join(seen["names"])
    return seen

def changed(stream):
    stream.reconfigure(encoding="latin-1", errors="ignore", line_buffering=False, write_through=False)
    seen = {name: tried(getattr, stream, name) for name in NAMES}
    stream.write("caf\u00e9\n")
    stream.flush()
    detached = stream.detach()
    seen["detached writes"] = tried(lambda: detached.write(b"detached\n") and None)
    seen.update({"then " + name: tried(getattr, stream, name) for name in NAMES})
    seen["then write"] = tried(lambda: stream.write("x"))
    seen["detach again"] = tried(lambda: stream.detach())
    return seen

def closed(stream):
    seen = {"close": tried(stream.close)}
    seen.update({name: tried(getattr, stream, name) for name in NAMES})
    seen["write"] = tried(lambda: stream.write("after close\n"))
    seen["close again"] = tried(stream.close)
    return seen

def descriptor(stream):
    return {"fileno": tried(stream.fileno), "buffer.fileno": tried(lambda: stream.buffer.fileno())}

def surrogates(stream):
    return {"errors": stream.errors}

kept = []

def outlived(stream):
    seen = {}
    if kept:
        old = kept.pop()
        seen["write"] = str(tried(lambda: old.write("later\n"))).split(":")[0]
        seen["closed"] = tried(lambda: old.closed)
        seen["same"] = old is stream
    else:
        kept.append(stream)
    return seen

def application(environ, start_response):
    which, _, what = environ["PATH_INFO"][1:].partition("/")
    stream = {"errors": environ["wsgi.errors"], "stdout": sys.stdout, "stderr": sys.stderr}[which]
    seen = {"described": described, "changed": changed, "closed": closed, "descriptor": descriptor, "surrogates": surrogates, "outlived": outlived}[what](stream)
    seen["which"] = which
    body = json.dumps(seen).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
