"""What Python makes of an https server: python3 client.py PORT AUTHORITY. Prints a line for each thing that went well."""
import http.client, ssl, sys, urllib.request

port, authority = int(sys.argv[1]), sys.argv[2]
trusting = ssl.create_default_context(cafile=authority)

kept = http.client.HTTPSConnection("localhost", port, context=trusting, timeout=20)
bodies = []
for _ in range(2):
    kept.request("GET", "/name")
    bodies.append(kept.getresponse().read().decode())
print("http.client", *bodies, kept.sock.version())
session = kept.sock.session
kept.close()

again = trusting.wrap_socket(__import__("socket").create_connection(("127.0.0.1", port), 20),
                             server_hostname="localhost", session=session)
print("session", "reused" if again.session_reused else "new")
# The end of an answer to HTTP/1.0 is that of the connection: without a close_notify, reading it would be an error.
again.sendall(b"GET /name HTTP/1.0\r\nHost: localhost\r\n\r\n")
answer = b""
while piece := again.recv(65536):
    answer += piece
print("HTTP/1.0", answer.split(b"\r\n\r\n", 1)[1].decode())

sent = urllib.request.Request(f"https://127.0.0.1:{port}/echo", data=b"x" * 100_000)
with urllib.request.urlopen(sent, context=trusting, timeout=20) as answer:
    print("urllib", answer.status, len(answer.read()))

try:
    urllib.request.urlopen(f"https://localhost:{port}/name", context=ssl.create_default_context(), timeout=20)
except urllib.error.URLError as error:
    print("untrusted", error.reason.verify_message)
