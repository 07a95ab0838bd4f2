"""A small app for tests of `survive`: a login whose session is in memory, so that another copy does not know it.

With SHARED naming a folder, sessions are files there, and every copy knows them.
"""

import http.server
import os
import secrets

SHARED = os.environ.get("SHARED")
SESSIONS = set()


def begin():
    session = secrets.token_hex(16)
    if SHARED:
        open(os.path.join(SHARED, session), "w").close()
    else:
        SESSIONS.add(session)
    return session


def is_known(session):
    if SHARED:
        return session.isalnum() and os.path.exists(os.path.join(SHARED, session))
    return session in SESSIONS


class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        cookies = self.headers.get("Cookie", "").replace(" ", "").split(";")
        session = next((c[4:] for c in cookies if c.startswith("sid=")), "")
        if self.path == "/login":
            self.answer(200, b"welcome", Set_Cookie=f"sid={begin()}; Path=/; HttpOnly")
        elif self.path == "/cart" and not is_known(session):
            self.answer(302, b"", Location="/login")
        else:
            self.answer(200, b"three apples" if self.path == "/cart" else b"hello")


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
