"""Answers with where it runs, and how often this interpreter has answered."""
count = 0

def application(environ, start_response):
    global count
    count += 1
    keys = ["mod_wsgi.process_group", "mod_wsgi.application_group", "SCRIPT_NAME", "PATH_INFO"]
    lines = ["%s=%s" % (key, environ[key]) for key in keys] + ["module=" + __name__[:10], "count=%d" % count]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("\n".join(lines) + "\n").encode("utf-8")]
