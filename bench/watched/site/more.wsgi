"""What an application asks of the server besides answers. PATH_INFO says what."""
import gc, logging, os, sys, threading, time

import mod_wsgi

TEXT = [("Content-Type", "text/plain")]
log = logging.getLogger("watched")
log.propagate = False
log.handlers = [mod_wsgi.LogHandler()]


def answer(start_response, *shown):
    start_response("200 OK", TEXT)
    return [repr(shown).encode()]


def watch(name, **event):
    if name == "request_started":
        event["request_environ"]["watched"] = "yes"
        event["request_data"]["since"] = name
        if event["request_environ"]["PATH_INFO"] == "/replaced":
            return {"application_object": lambda environ, start_response: answer(start_response, "replaced")}
    if name == "request_finished" and event["request_data"].get("raise"):
        raise ValueError("in a callback")


def subscribe(environ, start_response):
    if not mod_wsgi.event_callbacks:
        mod_wsgi.subscribe_events(watch)
        mod_wsgi.subscribe_shutdown(lambda name, **event: None)
        mod_wsgi.subscribe_signals(lambda name, **event: None)
    mod_wsgi.start_recording_metrics()
    return answer(start_response, len(mod_wsgi.event_callbacks))


def data(environ, start_response):
    mod_wsgi.request_data()["raise"] = environ["QUERY_STRING"]
    found = []
    thread = threading.Thread(target=lambda: found.append(len(mod_wsgi.active_requests)))
    thread.start()
    thread.join()
    return answer(start_response, found, environ.get("watched"))


def metrics(environ, start_response):
    gc.collect()
    return answer(start_response, mod_wsgi.process_metrics(), mod_wsgi.request_metrics())


def logs(environ, start_response):
    log.error("a record\nof two lines")
    print("printed", file=sys.stderr)
    environ["wsgi.errors"].write("written")
    environ["wsgi.errors"].flush()
    return answer(start_response)


def late(environ, start_response):
    """Goes on until `request-timeout` interrupts it."""
    try:
        while True:
            time.sleep(0.01)
    except mod_wsgi.RequestTimeout:
        return answer(start_response, "caught")


def slow(environ, start_response):
    """Long enough to lose the lead, and so that others go on meanwhile."""
    start_response("200 OK", TEXT)
    for _ in range(3):
        time.sleep(0.02)
        yield b"part " * 1000


def endless(environ, start_response):
    """More than the buffers between us and a client that does not read."""
    start_response("200 OK", TEXT)
    for _ in range(200):
        yield b"x" * 65536


def reads(environ, start_response):
    total = 0
    while True:
        part = environ["wsgi.input"].read(7)
        if not part:
            return answer(start_response, total)
        total += len(part)


def leaves(environ, start_response):
    """The process leaves after this request."""
    import signal
    os.kill(os.getpid(), signal.SIGUSR1)
    return answer(start_response)


def application(environ, start_response):
    return globals().get(environ["PATH_INFO"][1:], logs)(environ, start_response)


def other(environ, start_response):
    return answer(start_response, "other")
