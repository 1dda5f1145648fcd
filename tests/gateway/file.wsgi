import gzip
import io
import os
import tempfile

import mod_wsgi

state = {}


class Upper(mod_wsgi.FileWrapper):
    def __next__(self):
        return super().__next__().upper()


def application(environ, start_response):
    wrapper = environ["wsgi.file_wrapper"]
    assert wrapper is mod_wsgi.FileWrapper
    path = environ["PATH_INFO"]
    size = int(environ["QUERY_STRING"] or "0")
    headers = []
    if path == "/closed":
        start_response("200 OK", [])
        return [repr((state["file"].closed, state["position"])).encode()]
    if path == "/memory":
        start_response("200 OK", headers)
        return wrapper(io.BytesIO(b"abcdefg"), 3)
    if path == "/gzip":
        file = tempfile.TemporaryFile()
        with gzip.GzipFile(fileobj=file, mode="wb") as compressed:
            compressed.write(b"decompressed")
        file.seek(0)
        start_response("200 OK", headers)
        return wrapper(gzip.GzipFile(fileobj=file, mode="rb"))
    if path == "/pipe":
        reader, writer = os.pipe()
        os.write(writer, b"from a pipe")
        os.close(writer)
        start_response("200 OK", headers)
        return wrapper(os.fdopen(reader, "rb"))
    file = tempfile.TemporaryFile()
    file.write(bytes(range(256)) * (size // 256 + 1))
    file.truncate(size)
    file.seek(0)
    if path == "/offset":
        file.seek(10)
    if path == "/length":
        headers.append(("Content-Length", "7"))
    if path == "/too-long":
        headers.append(("Content-Length", str(size + 1)))
    state["file"] = file
    state["position"] = os.lseek(file.fileno(), 0, os.SEEK_CUR)
    start_response("200 OK", headers)
    return (Upper if path == "/upper" else wrapper)(file)
