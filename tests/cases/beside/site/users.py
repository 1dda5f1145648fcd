"""Who may see what. Names say what is answered."""

def check_password(environ, user, password):
    assert "HTTP_AUTHORIZATION" not in environ and "SCRIPT_FILENAME" not in environ
    return {"yes": True, "no": False, "none": None, "name": "other", "empty": "", "joe": password == "secret"}[user]

def groups_for_user(environ, user):
    return {"yes": ["staff", b"bytes"], "joe": "staff"}[user]

def allow_access(environ, host):
    return {"yes": True, "no": False, "none": None, "host": host == environ["REMOTE_ADDR"]}[environ["QUERY_STRING"]]
