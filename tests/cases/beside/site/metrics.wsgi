"""Answers with the names and types of what `server_metrics()` gives, and with what it says of this request."""
import json
import mod_wsgi

def types(values):
    return {key: type(value).__name__ for key, value in values.items()}

def application(environ, start_response):
    shown = mod_wsgi.server_metrics()
    answer = {"nothing": shown is None}
    try:
        mod_wsgi.server_metrics(None)
    except TypeError:
        answer["refused"] = True
    if shown is not None:
        processes = shown["processes"]
        workers = [worker for process in processes for worker in process["workers"]]
        target = environ["SCRIPT_NAME"] + environ["PATH_INFO"] + (environ["QUERY_STRING"] and "?" + environ["QUERY_STRING"])
        line = "%s %s %s" % (environ["REQUEST_METHOD"], target, environ["SERVER_PROTOCOL"])
        own = [worker for worker in workers if worker["status"] == "W" and worker["request"] == line[:63]]
        answer.update(
            server=types(shown),
            process=types(processes[0]),
            worker=types(workers[0]),
            processes=len(processes) == shown["server_limit"],
            workers={len(process["workers"]) for process in processes} == {shown["thread_limit"]},
            letters=all(worker["status"] in "._SRWKLDCGI" and len(worker["status"]) == 1 for worker in workers),
            numbers=[process["process_num"] for process in processes],
            alive=processes[0]["pid"] > 1,
            generations=[shown["running_generation"], processes[0]["generation"], workers[0]["generation"]],
            times=0 <= shown["current_time"] - shown["restart_time"] - shown["running_time"] < 1,
            began=all(0 <= shown["current_time"] - worker["start_time"] < 60 for worker in own),
            own=[[worker[name] for name in ("request", "client", "vhost")] for worker in own],
        )
    body = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
