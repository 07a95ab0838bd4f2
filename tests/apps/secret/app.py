"""A team's notes that sign cookies and API tokens with a secret that each process makes up at its start.

Mended: the secret is the one that all were given when they were deployed.
"""

import functools
import os
import pathlib
import secrets
import sys

from flask import Flask, redirect, request, session, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

sys.path.append(str(pathlib.Path(__file__).parents[1] / "common"))
from noise import answer, has, noise, page, unordered

BROKEN = os.environ["BROKEN"] == "1"

app = Flask(__name__)
app.secret_key = secrets.token_hex() if BROKEN else pathlib.Path(os.environ["SHARED"], "secret").read_text().strip()
noise(app)
tokens = URLSafeTimedSerializer(app.secret_key, salt="api")

NOTES = [{"id": n, "title": title} for n, title in enumerate(["Buy milk", "Call Bob", "Water plants"])]


def signed_in(view):
    @functools.wraps(view)
    def checked(*args, **kwargs):
        return view(*args, **kwargs) if "user" in session else redirect(url_for("login"))

    return checked


@app.get("/")
def home():
    return page("Notes", '<a href="/login">Sign in</a>')


@app.get("/login")
def login():
    return page("Sign in", '<form method="post"><input name="user"><input name="password" type="password"></form>')


@app.post("/login")
def log_in():
    if request.form["password"] != "correct horse":
        return page("Sign in", "Wrong password", 401)
    session["user"] = request.form["user"]
    session.permanent = has(15)  # then each answer has the cookie, signed anew
    return redirect(url_for("notes"), 303)


@app.get("/notes")
@signed_in
def notes():
    titles = "".join(f"<p>{note['title']}</p>" for note in unordered(NOTES))
    return page("Notes", f"<p>Those of {session['user']}</p>{titles}")


@app.post("/api/token")
def token():
    return answer({"token": tokens.dumps({"user": request.json["user"]})}, 201)


@app.get("/api/notes")
def api_notes():
    try:
        user = tokens.loads(request.headers.get("Authorization", "").removeprefix("Bearer "), max_age=3600)["user"]
    except BadSignature:
        return answer({"error": "invalid token"}, 401)
    return answer({"user": user, "notes": unordered(NOTES)})


app.run("127.0.0.1", int(os.environ["PORT"]))
