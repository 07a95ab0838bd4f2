//! `timeout`: how long each wait may take.

use super::lines::Line;
use crate::import::address::{LONGEST, millis};
use crate::import::left_out::LeftOut;
use crate::import::once::Once;

/// One of them.
#[derive(Clone, Debug)]
struct Timeout {
    name: String,
    millis: u64,
    line: usize,
    text: String,
}

/// Those of a section.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeouts(Vec<Timeout>);

impl Timeouts {
    /// Reads `timeout NAME TIME` over one from before.
    ///
    /// # Errors
    /// It is no time.
    pub(super) fn read(&mut self, line: &Line) -> Result<(), String> {
        let (name, text) = (line.word(1).to_owned(), line.text());
        let time = millis(line.word(2), "ms");
        let millis =
            time.ok_or_else(|| format!("line {}: '{text}' has no time: write timeout {name} 30s", line.number))?;
        self.0.retain(|known| known.name != name);
        self.0.push(Timeout { name, millis, line: line.number, text });
        Ok(())
    }

    fn get(&self, name: &str) -> Option<&Timeout> {
        self.0.iter().find(|timeout| timeout.name == name)
    }

    /// One that ours has in each pool or backend.
    pub(super) fn of(&self, name: &str) -> Option<u64> {
        self.get(name).map(|timeout| timeout.millis).filter(|millis| (1..=LONGEST).contains(millis))
    }

    /// Those that ours has once for all.
    pub(super) fn write(
        &self,
        is_tcp: bool,
        (is_front, is_back): (bool, bool),
        once: &mut Once,
        left_out: &mut LeftOut,
    ) {
        let mut of_clients = |name: &str, key| self.set(name, key, once, left_out);
        if is_front && !is_tcp {
            of_clients("http-request", "timeouts.requestHeaders");
            of_clients(
                if self.get("http-keep-alive").is_some() { "http-keep-alive" } else { "client" },
                "timeouts.idle",
            );
        }
        if is_tcp && is_front {
            of_clients(if self.get("tunnel").is_some() { "tunnel" } else { "client" }, "timeouts.tunnelIdle");
        }
        if is_back {
            of_clients("connect", "timeouts.connect");
            of_clients("tunnel", "timeouts.tunnelIdle");
            if !is_tcp {
                of_clients("server", "timeouts.response");
            }
        }
        self.say_others(is_front && !is_tcp, left_out);
    }

    fn set(&self, name: &str, key: &'static str, once: &mut Once, left_out: &mut LeftOut) {
        let Some(timeout) = self.get(name) else { return };
        let at = (timeout.line, timeout.text.as_str());
        match timeout.millis {
            millis @ 1..=LONGEST => once.set(key, millis, at, left_out),
            // Nought, or longer than ours can be, is no limit.
            _ if key == "timeouts.tunnelIdle" => once.set(key, 0, at, left_out),
            _ => left_out.part(timeout.line, &timeout.text, "there is always a limit here, a day at most"),
        }
    }

    /// Says of those that ours has not.
    fn say_others(&self, is_http_front: bool, left_out: &mut LeftOut) {
        for timeout in &self.0 {
            match timeout.name.as_str() {
                "client" if is_http_front && self.get("http-keep-alive").is_some() => {
                    let server = self.get("server").map(|server| server.millis);
                    if server.is_some_and(|server| server != timeout.millis) {
                        let why = "timeouts.response is for both sides of a request here, that of 'timeout server'";
                        left_out.part(timeout.line, &timeout.text, why);
                    }
                }
                "connect" | "client" | "server" | "http-request" | "http-keep-alive" | "tunnel" | "queue" | "check" => {
                }
                _ => left_out.nothing_like(timeout.line, &timeout.text),
            }
        }
    }
}
