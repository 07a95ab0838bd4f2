//! `server` and `default-server`.

use serde_json::{Map, Value, json};

use super::lines::Line;
use crate::import::address::{LONGEST, as_name, host_and_port, is_host, millis, whole_number};
use crate::import::draft::Backend;
use crate::import::left_out::LeftOut;
use crate::import::words::is_among;

/// Options that have a word behind them and nothing like them here.
const WITH_A_WORD: &str = "addr agent-addr agent-inter agent-port agent-send alpn check-proto ciphers \
    ciphersuites crl-file crt fastinter id init-state log-proto max-reuse maxqueue-time \
    minconn namespace on-marked-down on-marked-up pool-low-conn pool-max-conn pool-purge-delay port proto \
    proxy-v2-options redir resolve-net resolve-opts resolve-prefer shard source \
    socks4 ssl-max-ver ssl-min-ver tcp-ut usesrc ws";

/// What a server has, its `default-server` before it.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub(super) struct Options {
    weight: Option<u64>,
    is_backup: bool,
    max_connections: Option<u64>,
    max_queue: Option<u64>,
    slow_start: Option<u64>,
    cookie: Option<String>,
    pub(super) is_checked: bool,
    pub(super) interval: Option<u64>,
    pub(super) rise: Option<u64>,
    pub(super) fall: Option<u64>,
    is_tls: bool,
    verify: Option<bool>,
    server_name: Option<String>,
    proxy_protocol: Option<&'static str>,
    pub(super) observes: Option<String>,
    pub(super) error_limit: Option<u64>,
    is_disabled: bool,
    idle_timeout: Option<u64>,
    /// The server whose checks count for this one, `BACKEND/SERVER`.
    pub(super) tracks: Option<String>,
}

/// One server as it stands there.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) line: usize,
    name: String,
    host: String,
    port: u16,
    /// The path, where it is a Unix socket.
    socket: Option<String>,
    pub(super) options: Options,
}

/// Reads `server NAME ADDRESS …` over what servers have by default; `None` where it is left out.
///
/// # Errors
/// It is malformed.
pub(super) fn server(line: &Line, usual: &Options, left_out: &mut LeftOut) -> Result<Option<Server>, String> {
    let number = line.number;
    let (name, address) = (line.word(1), line.word(2));
    if address.is_empty() {
        return Err(format!("line {number}: 'server {name}' has no address: write server NAME HOST:PORT"));
    }
    let mut options = usual.clone();
    options.read(line, 3, left_out)?;
    if options.is_disabled {
        options.weight = Some(0);
        left_out.say(number, format!("server {name} is disabled there, and gets no new clients here: its weight is 0"));
    }
    let mut leave_out = |why: &str| {
        left_out.part(number, &format!("server {name} {address}"), why);
        Ok(None)
    };
    let plain = ["ipv4@", "ipv6@"].iter().find_map(|kind| address.strip_prefix(kind)).unwrap_or(address);
    let server = |host: &str, port, socket| Server {
        line: number,
        name: name.to_owned(),
        host: host.to_owned(),
        port,
        socket,
        options: options.clone(),
    };
    if let Some(path) = plain.strip_prefix("unix@").or(Some(plain)).filter(|path| path.starts_with('/')) {
        return Ok(Some(server("localhost", 0, Some(path.to_owned()))));
    }
    if plain.contains('@') {
        return leave_out("there is no such address here");
    }
    match host_and_port(plain) {
        Some((host, Some(port))) if is_host(host) => Ok(Some(server(host, port, None))),
        Some((_, None)) => leave_out("it has no port, and takes the one that clients come to: write host:port"),
        None if plain.rsplit_once(':').is_some_and(|(_, port)| port.starts_with(['+', '-'])) => {
            leave_out("its port depends on the one that clients come to: write host:port")
        }
        _ => Err(format!("line {number}: '{address}' is not the address of a server: write HOST:PORT")),
    }
}

impl Options {
    /// Reads the options of a line from this word on.
    pub(super) fn read(&mut self, line: &Line, from: usize, left_out: &mut LeftOut) -> Result<(), String> {
        let mut words = line.from(from).iter().map(String::as_str);
        while let Some(word) = words.next() {
            let mut next =
                || words.next().ok_or_else(|| format!("line {}: '{word}' needs a value behind it", line.number));
            match word {
                "weight" => self.weight = Some(number(line, word, next()?)?),
                "maxconn" => self.max_connections = Some(number(line, word, next()?)?),
                "maxqueue" => self.max_queue = Some(number(line, word, next()?)?),
                "rise" => self.rise = Some(number(line, word, next()?)?),
                "fall" => self.fall = Some(number(line, word, next()?)?),
                "error-limit" => self.error_limit = Some(number(line, word, next()?)?),
                "slowstart" => self.slow_start = Some(time(line, word, next()?)?),
                "inter" => self.interval = Some(time(line, word, next()?)?),
                // One that is down is looked at once a second here, at least.
                "downinter" if time(line, word, next()?)? <= 1000 => {}
                "downinter" => {
                    left_out.part(line.number, word, "one that is down is looked at once a second here, at least");
                }
                "ca-file" => match next()? {
                    "@system-ca" => {}
                    file => left_out.part(
                        line.number,
                        &format!("ca-file {file}"),
                        "the system says here which authorities count",
                    ),
                },
                // Checks speak as requests do here, and names are looked up for each connection.
                "check-sni" | "check-alpn" | "init-addr" | "resolvers" => {
                    next()?;
                }
                "pool-purge-delay" => self.idle_timeout = Some(time(line, word, next()?)?),
                "track" => self.tracks = Some(next()?.to_owned()),
                "cookie" => self.cookie = Some(next()?.to_owned()),
                "observe" => self.observes = Some(next()?.to_owned()),
                "on-error" => {
                    let action = next()?;
                    if !["mark-down", "sudden-death", "fail-check"].contains(&action) {
                        left_out.nothing_like(line.number, &format!("{word} {action}"));
                    }
                }
                "backup" => self.is_backup = true,
                "non-backup" | "no-backup" => self.is_backup = false,
                "check" => self.is_checked = true,
                "no-check" => self.is_checked = false,
                "disabled" => self.is_disabled = true,
                "enabled" => self.is_disabled = false,
                "ssl" => self.is_tls = true,
                "no-ssl" => self.is_tls = false,
                "verify" => self.verify = Some(next()? != "none"),
                "sni" => self.read_name(line, next()?, left_out),
                "verifyhost" => self.server_name = Some(next()?.to_owned()),
                "send-proxy" => self.proxy_protocol = Some("v1"),
                "send-proxy-v2" => self.proxy_protocol = Some("v2"),
                "no-send-proxy" | "no-send-proxy-v2" => self.proxy_protocol = None,
                // Checks speak as requests do here.
                "check-ssl" | "check-send-proxy" | "no-sslv3" | "no-tlsv10" | "no-tlsv11" | "allow-0rtt" => {}
                _ if is_among(WITH_A_WORD, word) => {
                    let value = next()?;
                    left_out.nothing_like(line.number, &format!("{word} {value}"));
                }
                _ => left_out.nothing_like(line.number, word),
            }
        }
        Ok(())
    }

    /// The name that a certificate must be for, where it is a text and not made of each request.
    fn read_name(&mut self, line: &Line, sni: &str, left_out: &mut LeftOut) {
        match sni.strip_prefix("str(").and_then(|rest| rest.strip_suffix(')')) {
            Some(name) => self.server_name = Some(name.trim_matches(['"', '\'']).to_owned()),
            None => left_out.part(line.number, &format!("sni {sni}"), "it is one name for all requests here"),
        }
    }
}

fn number(line: &Line, word: &str, value: &str) -> Result<u64, String> {
    whole_number(value).ok_or_else(|| format!("line {}: '{word} {value}' needs a whole number", line.number))
}

fn time(line: &Line, word: &str, value: &str) -> Result<u64, String> {
    let wrong = || format!("line {}: '{word} {value}' needs a time such as 2s or 500ms, a day at most", line.number);
    millis(value, "ms").filter(|time| *time <= LONGEST).ok_or_else(wrong)
}

impl Server {
    /// Whether this is what a request to it has as its `Host` of itself.
    pub(super) fn is_called(&self, host: &str) -> bool {
        host == self.host || host == format!("{}:{}", self.host, self.port)
    }

    /// Ours; `None` where it is left out. `queue` is how long a request may wait for it.
    pub(super) fn backend(&self, is_tcp: bool, queue: Option<u64>, left_out: &mut LeftOut) -> Option<Backend> {
        let options = &self.options;
        if is_tcp && options.is_tls {
            let why = "a server behind a tcp port is spoken to as its clients speak, without TLS of ours";
            left_out.part(self.line, &format!("server {}", self.name), why);
            return None;
        }
        let scheme = match (is_tcp, options.is_tls) {
            (true, _) => "tcp",
            (_, true) => "https",
            _ => "http",
        };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let url = self
            .socket
            .as_ref()
            .map_or_else(|| format!("{scheme}://{host}:{}", self.port), |path| format!("unix:{path}"));
        let usual = self.socket.as_ref().map_or_else(|| as_name(&host, self.port), |path| path.replace('/', "-"));
        let name = if self.name == usual { String::new() } else { self.name.clone() };
        let keys = self.keys(queue);
        Some(Backend { line: self.line, name, url, cookie: options.cookie.clone(), keys })
    }

    fn keys(&self, queue: Option<u64>) -> Map<String, Value> {
        let options = &self.options;
        let mut keys = Map::new();
        let mut set = |key: &str, value: Value| keys.insert(key.to_owned(), value);
        if let Some(weight) = options.weight.filter(|weight| *weight != 1) {
            set("weight", weight.into());
        }
        if options.is_backup {
            set("backup", true.into());
        }
        if let Some(time) = options.slow_start.filter(|time| *time > 0) {
            set("slowStart", time.into());
        }
        if let Some(limit) = options.max_connections.filter(|limit| *limit > 0) {
            set("maxConnections", limit.into());
            // There, as many wait as come, unless it is said otherwise, or none has time to.
            if let Some(time) = queue.filter(|time| *time > NO_TIME) {
                set("maxQueue", options.max_queue.filter(|queue| *queue > 0).unwrap_or(MOST_WAITING).into());
                set("queueTimeout", time.into());
            }
        }
        if options.is_tls {
            let mut tls = Map::new();
            if options.verify == Some(false) {
                tls.insert("verify".to_owned(), false.into());
            }
            let name = options.server_name.clone().filter(|name| *name != self.host);
            tls.extend(name.map(|name| ("serverName".to_owned(), name.into())));
            if !tls.is_empty() {
                set("tls", json!(tls));
            }
        }
        if let Some(time) = options.idle_timeout.filter(|time| *time > 0) {
            set("idleTimeout", time.into());
        }
        if let Some(version) = options.proxy_protocol {
            set("proxyProtocol", version.into());
        }
        keys
    }
}

/// A time in the queue, in milliseconds, in which nobody waits.
const NO_TIME: u64 = 1;

/// The most requests that can wait here.
const MOST_WAITING: u64 = 1_000_000;
