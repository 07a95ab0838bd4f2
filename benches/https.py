#!/usr/bin/env python3
"""What TLS costs beside HAProxy, nginx and Caddy: one server thread each, in front of plain HTTP/1.1 backends.

    cargo build --release && benches/https.py
    benches/https.py --rounds 5 --only stickylb,haproxy --json rounds.json

Each is started with the same certificate (P-256), a plain port and one for TLS, pinned to the first processor, while load and
backends have the others. Rows are processor time of the proxy by /proc, and memory; ratios are to HAProxy in the same round,
and the table has the median over the rounds. Needs Linux, openssl, wrk, h2load (nghttp2-client), nginx for the backends, and
`ulimit -n 5000`. The machine should be idle; where it is not, trust the ratios of many rounds and no absolute figure.
"""
import argparse, contextlib, json, os, re, resource, shutil, signal, socket, ssl, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORES = sorted(os.sched_getaffinity(0))
FIRST, OTHERS = {CORES[0]}, set(CORES[1:]) or set(CORES)
BODY = b"x" * 100


class NoFigure(Exception):
    """Why something could not be measured."""


def tool(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


class Place:
    """Where a run takes place: a folder with the certificate, the ports, and the backends."""

    def __init__(self, folder):
        self.folder = folder
        self.plain, self.tls, *self.backends = free_ports(4)
        self.cert, self.key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", self.key, "-out", self.cert],
                       check=True, capture_output=True)
        self.both = write(folder, "both.pem", open(self.cert).read() + open(self.key).read())
        self.context = ssl.create_default_context(cafile=self.cert)

    def backend_command(self):
        servers = "\n".join(f"server {{ listen 127.0.0.1:{p} backlog=4096; location / {{ return 200 '{BODY.decode()}'; }} }}"
                            for p in self.backends)
        return [tool("nginx"), "-e", f"{self.folder}/backends.err", "-c", write(self.folder, "backends.conf", f"""
daemon off; worker_processes 1; pid {self.folder}/backends.pid;
events {{ worker_connections 8192; }}
http {{ access_log off; keepalive_timeout 600; keepalive_requests 1000000000; {temporary(self.folder)} {servers} }}""")]


def temporary(folder):
    kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    return " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)


def stickylb(place, binary):
    """One worker for each processor that it may use, which is one."""
    backends = [{"id": n, "url": f"http://127.0.0.1:{p}"} for n, p in enumerate(place.backends)]
    own = {"certificates": [{"cert": place.cert, "key": place.key}]}
    config = {"listeners": [{"host": "127.0.0.1", "port": place.plain, "pool": "web"},
                            {"host": "127.0.0.1", "port": place.tls, "pool": "web", "tls": own}],
              "pools": {"web": {"backends": backends}}}
    return ["env", f"HOME={place.folder}", f"XDG_RUNTIME_DIR={place.folder}", f"XDG_DATA_HOME={place.folder}",
            binary, "--headless", "--config", write(place.folder, "stickylb.json", json.dumps(config))]


def haproxy(place, _):
    servers = "\n".join(f"  server s{n} 127.0.0.1:{p} cookie s{n} check inter 1000" for n, p in enumerate(place.backends))
    return tool("haproxy") and [tool("haproxy"), "-db", "-f", write(place.folder, "haproxy.cfg", f"""
global
  nbthread 1
  maxconn 6000
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  option forwardfor
frontend in
  bind 127.0.0.1:{place.plain} backlog 4096
  bind 127.0.0.1:{place.tls} ssl crt {place.both} alpn http/1.1 backlog 4096
  default_backend out
backend out
  balance roundrobin
  http-reuse always
  cookie LB insert indirect nocache httponly
  option httpchk GET /health
{servers}
""")]


def nginx(place, _):
    """Without stickiness, which it has not."""
    backends = " ".join(f"server 127.0.0.1:{p};" for p in place.backends)
    return tool("nginx") and [tool("nginx"), "-e", f"{place.folder}/nginx.err", "-c", write(place.folder, "nginx.conf", f"""
daemon off; worker_processes 1; pid {place.folder}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_timeout 600; keepalive_requests 1000000000; {temporary(place.folder)}
  upstream all {{ {backends} keepalive 128; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{place.plain} backlog=4096;
    listen 127.0.0.1:{place.tls} ssl backlog=4096;
    ssl_certificate {place.cert}; ssl_certificate_key {place.key}; ssl_protocols TLSv1.2 TLSv1.3;
    location / {{
      proxy_pass http://all; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}""")]


def caddy(place, _):
    to = " ".join(f"127.0.0.1:{p}" for p in place.backends)
    block = f"""bind 127.0.0.1
  reverse_proxy {to} {{
    lb_policy cookie LB
    health_uri /health
    health_interval 1s
    transport http {{
      keepalive_idle_conns_per_host 256
    }}
  }}"""
    text = f"""{{
  admin off
  auto_https off
  servers {{
    protocols h1
  }}
}}
http://:{place.plain} {{
  {block}
}}
https://:{place.tls} {{
  tls {place.cert} {place.key}
  {block}
}}
"""
    home = [f"{name}={place.folder}" for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")]
    return tool("caddy") and ["env", *home, "GOMAXPROCS=1", tool("caddy"), "run", "--adapter", "caddyfile", "--config",
                              write(place.folder, "Caddyfile", text)]


PROXIES = {"stickylb": stickylb, "haproxy": haproxy, "nginx": nginx, "caddy": caddy}


class Process:
    """A program in a session of its own, with all that it starts."""

    def __init__(self, command, cores, log):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, cores))

    def pids(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid and fields[0] != "Z":
                    yield int(pid), fields

    def ticks(self):
        """utime and stime of all its processes, in seconds."""
        return sum(int(fields[11]) + int(fields[12]) for _, fields in self.pids()) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        return sum(int(fields[21]) for _, fields in self.pids()) * resource.getpagesize()

    def stop(self):
        for which in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(self.process.pid, which)
                self.process.wait(3)
        for pid, _ in list(self.pids()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def connected(place, is_tls, session=None):
    stream = socket.create_connection(("127.0.0.1", place.tls if is_tls else place.plain), 10)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return place.context.wrap_socket(stream, server_hostname="localhost", session=session) if is_tls else stream


def got(stream):
    """Asks for a page and reads it whole."""
    stream.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    data = b""
    while not data.endswith(BODY) and not data.endswith(b"0\r\n\r\n"):
        piece = stream.recv(65536)
        if not piece:
            raise NoFigure("it closed before the answer was whole")
        data += piece
    if not data.startswith(b"HTTP/1.1 200"):
        raise NoFigure(data.split(b"\r\n", 1)[0].decode())


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise NoFigure(f"{command[0]}: {(done.stderr or done.stdout).strip()[-200:]}")
    return done.stdout


def per_request(place, proxy, o, is_tls):
    url = f"https://localhost:{place.tls}/" if is_tls else f"http://127.0.0.1:{place.plain}/"
    command = lambda seconds: ["wrk", "-t1", "-c50", f"-d{seconds}s", "-H", "Host: localhost", url]
    run(command(1))
    before = proxy.ticks()
    told = run(command(o.seconds))
    spent = proxy.ticks() - before
    if "Non-2xx" in told or "Socket errors" in told and not re.search(r"read 0, write 0, timeout 0", told):
        raise NoFigure("errors: " + told.splitlines()[-3].strip())
    return spent * 1e6 / int(re.search(r"(\d+) requests in", told)[1])


def plain(place, proxy, o):
    """50 connections that stay, 100 bytes: processor time of a request over plain HTTP, in microseconds."""
    return per_request(place, proxy, o, is_tls=False)


def tls(place, proxy, o):
    """The same over TLS 1.3."""
    return per_request(place, proxy, o, is_tls=True)


def full(place, proxy, o):
    """A full handshake with one request: processor time, in microseconds, over 2,000 connections of h2load."""
    command = ["h2load", "--h1", "-n1000", "-c1000", f"https://localhost:{place.tls}/"]
    run(command)
    before = proxy.ticks()
    for _ in range(2):
        told = run(command)
        if "1000 succeeded" not in told:
            raise NoFigure(re.search(r"requests: .*", told)[0])
    return (proxy.ticks() - before) * 1e6 / 2000


def resumed(place, proxy, o):
    """A handshake that takes up a session, with one request: the same, over 1,000 connections."""
    with connected(place, True) as stream:
        got(stream)
        session = stream.session
    before, again = proxy.ticks(), 0
    for _ in range(1000):
        with connected(place, True, session) as stream:
            again += stream.session_reused
            got(stream)
            session = stream.session
    if again < 990:
        raise NoFigure(f"only {again} of 1000 sessions were taken up")
    return (proxy.ticks() - before) * 1e6 / 1000


def idle_memory(place, proxy, is_tls):
    held = [connected(place, is_tls) for _ in range(20)]
    for stream in held:
        got(stream)
    time.sleep(0.5)
    before = proxy.memory()
    for _ in range(1000):
        held.append(connected(place, is_tls))
        got(held[-1])
    time.sleep(1)
    grown = proxy.memory() - before
    for stream in held:
        stream.close()
    return grown / 1000 / 1024


def idle_plain(place, proxy, _):
    """Memory of a connection that had an answer and waits, over plain HTTP, in KiB, of 1,000."""
    return idle_memory(place, proxy, is_tls=False)


def idle_tls(place, proxy, _):
    """The same over TLS."""
    return idle_memory(place, proxy, is_tls=True)


MEASURES = {"plain us": plain, "TLS us": tls, "full us": full, "resumed us": resumed,
            "idle KiB": idle_plain, "idle TLS KiB": idle_tls}


def ready(place, process):
    for _ in range(200):
        with contextlib.suppress(OSError, NoFigure):
            for is_tls in (False, True):
                with connected(place, is_tls) as stream:
                    got(stream)
            return
        if process.process.poll() is not None:
            raise NoFigure(f"it ended with {process.process.returncode}")
        time.sleep(0.05)
    raise NoFigure("it never answered on both ports")


def measure(place, name, measures, o, log):
    """The figures of one proxy in one round, and why one is missing."""
    figures, missing = {}, {}
    for measured in measures:
        command = PROXIES[name](place, o.binary)
        if not command:
            return {}, {name: "is not installed"}
        # Started anew each time, so that no measure leaves memory or sessions to the next.
        proxy = Process(command, FIRST, log)
        try:
            ready(place, proxy)
            time.sleep(0.3)
            figures[measured] = MEASURES[measured](place, proxy, o)
        except (NoFigure, OSError, subprocess.TimeoutExpired) as error:
            missing[f"{name}, {measured}"] = str(error)
        finally:
            proxy.stop()
    return figures, missing


def median(rounds, name, measured, over=None):
    """Of the figures, or of each round's ratio to another's; None where there is none."""
    values = [r[name][measured] / (r[over][measured] if over else 1) for r in rounds
              if measured in r.get(name, {}) and (not over or r.get(over, {}).get(measured))]
    return statistics.median(values) if values else None


def show(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def table(rounds, names, measures):
    print(f"{'':12}" + "".join(f"{measured:>14}{'':>7}" for measured in measures))
    for name in names:
        line = f"{name:12}"
        for measured in measures:
            ratio = None if name == "haproxy" else median(rounds, name, measured, "haproxy")
            line += f"{show(median(rounds, name, measured), 1):>14}" + f"{'' if ratio is None else f'x{ratio:.2f}':>7}"
        print(line)
    full_ratio = median(rounds, "stickylb", "full us", "haproxy")
    pairs = [median([r], "stickylb", "TLS us", "haproxy") / median([r], "stickylb", "plain us", "haproxy") for r in rounds
             if median([r], "stickylb", "TLS us", "haproxy") and median([r], "stickylb", "plain us", "haproxy")]
    print(f"a full handshake beside HAProxy's: {show(full_ratio, 2)} (at most 0.80)")
    print(f"what TLS adds to a request, ratio to HAProxy's over that without: "
          f"{show(statistics.median(pairs) if pairs else None, 2)} (at most 1.05)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(ROOT, "target/release/stickylb-tui"), help="the program to measure")
    parser.add_argument("--only", help="some of " + ",".join(PROXIES))
    parser.add_argument("--measures", help="some of " + ",".join(MEASURES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each run of wrk")
    parser.add_argument("--json", help="write each round's figures to this file")
    o = parser.parse_args()
    o.binary = os.path.abspath(o.binary)
    names = o.only.split(",") if o.only else list(PROXIES)
    measures = o.measures.split(",") if o.measures else list(MEASURES)
    unknown = set(names) - set(PROXIES) | set(measures) - set(MEASURES)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    for needed in ("openssl", "wrk", "h2load", "nginx"):
        if not tool(needed):
            sys.exit(f"{needed} is needed and not installed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    os.sched_setaffinity(0, OTHERS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped
    rounds, missing = [], {}
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "log"), "w") as log:
        place = Place(folder)
        backends = Process(place.backend_command(), OTHERS, log)
        try:
            for number in range(o.rounds):
                figures = {}
                for name in names[number % len(names):] + names[:number % len(names)]:  # nobody always goes first
                    figures[name], why = measure(place, name, measures, o, log)
                    missing.update(why)
                    print(f"round {number + 1}: {name}", file=sys.stderr)
                rounds.append(figures)
        finally:
            backends.stop()
    table(rounds, names, measures)
    for what, why in missing.items():
        print(f"{what}: {why}")
    if o.json:
        with open(o.json, "w") as file:
            json.dump(rounds, file, indent=1)


if __name__ == "__main__":
    main()
