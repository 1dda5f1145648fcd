"""The pages: a front page, the admin, and one for programs."""
import django
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse
from django.urls import path


def index(request):
    """Counts the users: a query on the database."""
    text = "Django %s knows %d user(s).\n" % (django.get_version(), User.objects.count())
    return HttpResponse(text, content_type="text/plain")


def whoami(request):
    """Shows whether the Authorization header arrives."""
    return JsonResponse({"authorization": request.headers.get("Authorization")})


urlpatterns = [
    path("", index),
    path("api/whoami", whoami),
    path("admin/", admin.site.urls),
]
