"""A guest book that forgets: routes, a template, a form, JSON."""
from importlib.metadata import version

from flask import Flask, jsonify, redirect, render_template, request, url_for

app = Flask(__name__)
entries = []


@app.get("/")
def index():
    return render_template("index.html", entries=entries, flask=version("flask"))


@app.post("/sign")
def sign():
    entries.append(request.form["name"])
    return redirect(url_for("index"))


@app.post("/sum")
def total():
    return jsonify(sum=sum(request.get_json()))
