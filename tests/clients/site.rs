//! A balancer over TLS in a home of its own, with backends that a test can tell things from.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::support::backend::echo;
use crate::support::home::Home;
use crate::support::program::Headless;
use crate::support::socket::socket;
use crate::support::{After, Backend, Call};

/// What `GET /page` answers.
const PAGE: &str = "<!doctype html><title>a page</title><p id=text>a page of a backend</p>";

/// A balancer that has started. Its home, where its authority is, ends with it.
pub(crate) struct Site {
    home: Home,
    lb: Headless,
    config: Value,
    pub(crate) port: u16,
}

impl Site {
    /// Over these backends.
    pub(crate) fn over(backends: &[&Backend]) -> Self {
        Site::of(over(backends))
    }

    /// With this configuration.
    pub(crate) fn of(config: Value) -> Self {
        Site::at(Home::new(), config)
    }

    /// In this home.
    pub(crate) fn at(home: Home, mut config: Value) -> Self {
        let (lb, port) = start(&home, &config);
        if config["listeners"].is_null() {
            config["port"] = json!(port); // the same if it starts again
        }
        Site { home, lb, config, port }
    }

    /// Ends it and starts it again, on the same port and in the same home.
    pub(crate) fn restart(&mut self) {
        self.lb.signal(rustix::process::Signal::TERM);
        self.lb.ended();
        self.lb = start(&self.home, &self.config).0;
    }

    /// Has it read its file again, with a change that is no matter of TLS.
    pub(crate) fn reload(&mut self) {
        self.config["strategy"] = json!("least-connections");
        std::fs::write(file(&self.home), self.config.to_string()).unwrap();
        self.home.good(&["ctl", "reload"]);
    }

    /// Where a request by this name goes.
    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }

    /// The folder of its user.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The certificate of its authority.
    pub(crate) fn authority(&self) -> PathBuf {
        authority_in(self.home())
    }

    /// The first line of its log that has this.
    pub(crate) fn line(&mut self, part: &str) -> String {
        self.lb.line_with(part)
    }
}

/// A configuration with TLS in front of these backends.
pub(crate) fn over(backends: &[&Backend]) -> Value {
    let backend = |(id, backend): (usize, &&Backend)| json!({"id": id, "name": format!("b{id}"), "url": format!("http://127.0.0.1:{}", backend.port)});
    let backends: Vec<Value> = backends.iter().enumerate().map(backend).collect();
    json!({"port": 0, "tls": true, "health": {"path": "/health"}, "backends": backends})
}

/// The certificate of the authority of the user with this home.
pub(crate) fn authority_in(home: &Path) -> PathBuf {
    home.join("data/stickylb-tui/ca/ca.pem")
}

fn file(home: &Home) -> PathBuf {
    home.path().join("lb.json")
}

fn start(home: &Home, config: &Value) -> (Headless, u16) {
    std::fs::write(file(home), config.to_string()).unwrap();
    let mut command = home.program(&["--headless", "--config", file(home).to_str().unwrap()]);
    command.env("HOME", home.path()).env("XDG_DATA_HOME", home.path().join("data"));
    let mut lb = Headless::from(command);
    let line = lb.line_with("listening on https://");
    lb.line_with("UP");
    (lb, line.rsplit(':').next().unwrap().parse().unwrap())
}

/// A backend that has a page at `/page`, echoes messages at `/ws`, says at `/name` who it is, and else sends back the body
/// that came.
pub(crate) fn backend(name: &'static str) -> Backend {
    Backend::start(move |call| match call.target.as_str() {
        "/page" => answer(call, "Content-Type: text/html\r\n", PAGE),
        "/ws" => messages(call),
        "/name" => answer(call, "Content-Type: text/plain\r\n", name),
        _ => echo(call),
    })
}

fn answer(call: &mut Call, lines: &str, body: &str) -> After {
    call.send(format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    After::Keep
}

/// Takes a WebSocket and sends each message back.
fn messages(call: &mut Call) -> After {
    let key = call.head.get("sec-websocket-key").unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    call.send(format!("{head}Sec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes());
    let mut socket = socket(call.wire.stream.try_clone().unwrap(), call.wire.take_buffer(), Role::Server);
    while let Ok(message) = socket.read() {
        if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
            break;
        }
    }
    After::Close
}
