import sys
import threading

import mod_wsgi

count = 0
local = threading.local()


def rally(player, file):
    import mmap

    player = int(player)
    with open(file, "r+b") as file, mmap.mmap(file.fileno(), 2) as memory:
        # Neither reading the memory nor this lets go of the GIL.
        sys.setswitchinterval(1e6)
        for turn in range(1, 201):
            if player == 0:
                memory[0] = turn
            while memory[1 - player] != turn:
                pass
            if player == 1:
                memory[1] = turn
        sys.setswitchinterval(0.005)
    return "200 turns without letting go"


def application(environ, start_response):
    global count
    count += 1
    local.count = getattr(local, "count", 0) + 1
    path = environ["PATH_INFO"]
    if path == "/rally":
        body = rally(*environ["QUERY_STRING"].split(","))
    elif path == "/path":
        body = "\n".join(sys.path)
    elif path == "/module":
        body = repr((mod_wsgi.version, mod_wsgi.process_group, mod_wsgi.application_group,
                     mod_wsgi.maximum_processes, mod_wsgi.threads_per_process, sys.argv, sys.stdin.read()))
    elif path == "/main":
        main = threading.main_thread() is threading.current_thread()
        body = repr((main, type(threading.current_thread()).__name__))
    else:
        body = "%s %d %d" % (mod_wsgi.application_group, count, local.count)
    start_response("200 OK", [])
    return [body.encode()]
