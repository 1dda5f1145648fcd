"""The script that mod_wsgi looks for: the application object, under the name `application`."""
from guestbook import app as application  # noqa: F401
