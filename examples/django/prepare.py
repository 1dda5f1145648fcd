"""Run by examples/prepare.sh with the virtual environment's Python: database, user `admin`, static files."""
import os

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402

call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
if not User.objects.filter(username="admin").exists():
    User.objects.create_superuser("admin", "admin@example.org", "correct horse")
