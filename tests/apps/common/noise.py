"""What differs from answer to answer in any real app, and means nothing: noise.mjs for Flask, with its mixtures."""

import datetime
import json
import os
import random
import socket
import time
import uuid

from flask import Response, g

_mixture = int(os.environ.get("SEED", "1")) * 0x9E3779B1 & 0xFFFFFFFF


def has(bit):
    """Whether this mixture has a thing: see noise.mjs."""
    return _mixture >> bit & 1 == 1


_began = time.monotonic()


def unordered(items):
    """A list from a query without ORDER BY."""
    return random.sample(items, len(items)) if has(27) else items


def _extras():
    more = {}
    if has(30):
        more["requestId"] = str(uuid.uuid4())
    if has(29):
        more["servedAt"] = datetime.datetime.now(datetime.timezone.utc).isoformat()
    if has(28):
        more["time"] = int(time.time() * 1000)
    if has(25):
        more["took"] = (time.monotonic() - g.began) * 1000
    if has(24):
        more["recommended"] = random.sample(["tea", "coffee", "water", "cake", "bread"], random.randint(1, 4))
    if has(23):
        more["instance"] = {"host": socket.gethostname(), "pid": os.getpid(), "port": int(os.environ["PORT"])}
    if has(22):
        more["uptime"] = time.monotonic() - _began
    return more


def answer(body, status=200):
    """JSON, with noise."""
    fields = list({**body, **_extras()}.items())
    if has(26):
        random.shuffle(fields)
    return Response(json.dumps(dict(fields)), status, content_type="application/json")


def page(title, html, status=200):
    """A whole page, with noise."""
    nonce = uuid.uuid4().hex
    script = f'<script nonce="{nonce}">document.documentElement.lang = "en"</script>' if has(21) else ""
    element = f' id="w{uuid.uuid4()}"' if has(18) else ""
    lines = "".join(f"<li>{name}: {json.dumps(value)}</li>" for name, value in _extras().items())
    response = Response(
        f"<!doctype html><html><head><title>{title}</title>{script}</head>"
        f"<body><h1>{title}</h1>{html}<footer{element}><ul>{lines}</ul></footer></body></html>",
        status,
    )
    if has(21):
        response.headers["Content-Security-Policy"] = f"script-src 'nonce-{nonce}'"
    return response


def noise(app):
    """What goes around every request of an app."""

    @app.before_request
    def begin():
        g.began = time.monotonic()
        if has(20):
            time.sleep(random.random() * 0.015)

    @app.after_request
    def headers(response):
        if has(31):
            response.headers["X-Request-Id"] = str(uuid.uuid4())
        if has(25):
            response.headers["Server-Timing"] = f"app;dur={random.random() * 9}"
        if has(19):
            response.set_cookie("last_seen", str(uuid.uuid4()))
        if has(23):
            response.headers["X-Served-By"] = f"{socket.gethostname()}:{os.environ['PORT']}"
        return response
