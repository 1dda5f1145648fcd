# The modules `mod_wsgi` and `apache` as applications see them. Run once in each interpreter, after module.py and in the same
# namespace.

import time


def log_raised(text):
    """Writes the exception that is handled into the error log, below a line that says what failed."""
    native["log"](ERROR, text + "\n" + describe(*sys.exc_info()))


# What applications watch. Those who watch nothing cost nothing: `native["watch"]` says that from now on somebody does.

event_callbacks = []
shutdown_callbacks = []
signal_callbacks = []
active_requests = {}


def publish(name, event, callbacks=event_callbacks):
    """Tells of an event. What a callback returns is added to the event, for those that follow and for the server."""
    for callback in list(callbacks):
        try:
            changed = callback(name, **event)
            if isinstance(changed, dict):
                event.update(changed)
        except RequestTimeout:
            raise
        except SystemExit:
            log_raised("WSGI0190: SystemExit in a callback for the event '%s' is ignored:" % name)
        except BaseException:
            log_raised("WSGI0112: a callback for the event '%s' has failed:" % name)
    return event


def publish_stopping(reason):
    """Says that the process leaves."""
    event = {"shutdown_reason": reason}
    publish("process_stopping", event)
    publish("process_stopping", event, shutdown_callbacks)


def publish_signal(name, number):
    """Says that the process has got a signal."""
    event = {"signame": name, "signum": number}
    publish("process_signal", event)
    publish("process_signal", event, signal_callbacks)


def subscribe_events(callback, /):
    """Calls callback(name, **event) for each event of this interpreter. Returns the callback."""
    native["watch"]()
    event_callbacks.append(callback)
    return callback


def subscribe_shutdown(callback, /):
    """Calls callback("process_stopping", shutdown_reason=...) when the process leaves. Returns the callback."""
    native["watch"]()
    shutdown_callbacks.append(callback)
    return callback


def subscribe_signals(callback, /):
    """Calls callback("process_signal", signame=..., signum=...) when a daemon process gets SIGHUP or SIGUSR2. Returns it."""
    if settings["signals"]:
        native["watch"]()
        signal_callbacks.append(callback)
    else:
        text = "mod_wsgi.subscribe_signals() does nothing outside of daemon processes that serve requests. It was called from:"
        native["log"](INFO, text + "\n" + caller())
    return callback


def request_data():
    """A dict that belongs to the request that runs on this thread."""
    return active_requests.setdefault(native["request_id"](), {})


def follow_requests():
    """Has an entry in `active_requests` for each request that runs, from now on."""
    native["watch"]()
    for identity in native["follow"]():
        active_requests.setdefault(identity, {})
    return active_requests


def make_log_handler():
    import logging

    class LogHandler(logging.Handler):
        """Writes records into the error log, each with its level."""

        def emit(self, record):
            try:
                for least, level in (
                    (logging.CRITICAL, CRIT),
                    (logging.ERROR, ERROR),
                    (logging.WARNING, WARN),
                    (logging.INFO, INFO),
                    (0, DEBUG),
                ):
                    if record.levelno >= least:
                        break
                native["log"](level, self.format(record))
            except Exception:
                self.handleError(record)

    LogHandler.__module__ = "mod_wsgi"
    LogHandler.__qualname__ = "LogHandler"
    return LogHandler


# Made when they are first asked for: they cost something, or the modules that they need do.
LAZY = {
    "LogHandler": make_log_handler,
    "event_callbacks": lambda: native["watch"]() or event_callbacks,
    "active_requests": follow_requests,
}


# The garbage collector, for telemetry. What it did since it was last asked is kept, up to so many times.
collections, lost, MOST = [], 0, 256


def watch_collector():
    import gc

    # An old Python has one list for all interpreters, and calls what is on it in the main one.
    if gc.callbacks and not settings["main"]:
        return
    begun = [0.0, 0.0]

    def collects(phase, info):
        global lost
        if phase == "start":
            begun[:] = time.time(), time.perf_counter()
        elif len(collections) >= MOST:
            lost += 1
        else:
            took = time.perf_counter() - begun[1]
            counts = info["generation"], info["collected"], info["uncollectable"]
            collections.append((begun[0], took) + counts)

    gc.callbacks.append(collects)


def gc_figures():
    """Records of telemetry: whether each is about one collection, and its fields by their numbers."""
    import gc

    name = [(8, settings["application_group"])] if settings["application_group"] else []
    values = list(gc.get_count()) + list(gc.get_threshold())
    for key in ("collections", "collected", "uncollectable"):
        values += [generation[key] for generation in gc.get_stats()]
    values += [int(gc.isenabled()), gc.get_freeze_count(), lost]
    records = [(False, name + list(enumerate(values, 300)))]
    while collections:
        records.append((True, name + list(enumerate(collections.pop(0), 320))))
    return records


if settings["telemetry"]:
    watch_collector()


def make_modules():
    module = type(sys)("mod_wsgi", "What mod_wsgi tells an application.")

    def get(name):
        if name not in LAZY:
            raise AttributeError("module 'mod_wsgi' has no attribute %r" % (name,))
        value = LAZY[name]()
        setattr(module, name, value)
        return value

    module.__getattr__ = get
    module.__dir__ = lambda: sorted(set(vars(module)) | set(LAZY))
    for name in ("version", "process_group", "application_group", "maximum_processes", "threads_per_process"):
        setattr(module, name, settings[name])
    for name in ("Input", "start_recording_metrics", "process_metrics", "request_metrics", "server_metrics"):
        setattr(module, name, native[name])
    module.shutdown_callbacks = shutdown_callbacks
    module.signal_callbacks = signal_callbacks
    functions = (subscribe_events, subscribe_shutdown, subscribe_signals, request_data)
    for value in (FileWrapper, RequestTimeout) + functions:
        value.__module__ = "mod_wsgi"
        setattr(module, value.__name__, value)
    adopt_package(module)
    sys.modules["mod_wsgi"] = module

    server = type(sys)("apache", "What mod_wsgi tells an application about the server.")
    for name, value in settings["server"].items():
        setattr(server, name, value)
    server.build_date = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(server.build_date))
    sys.modules["apache"] = server


make_modules()
