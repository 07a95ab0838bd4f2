//! How backends are connected to.

use stickylb::api::{Mode, ResolvedBackend, ResolvedConfig, ResolvedScheme};

use super::facts::pools;
use super::text::{millis, scalar};
use crate::export::writer::Writer;

/// The different ways that backends are connected to. Each is named by its number.
pub(super) struct Transports(Vec<Vec<String>>);

impl Transports {
    pub(super) fn of_http(config: &ResolvedConfig) -> Self {
        Self::of(config, Mode::Http)
    }

    pub(super) fn of_tcp(config: &ResolvedConfig) -> Self {
        Self::of(config, Mode::Tcp)
    }

    fn of(config: &ResolvedConfig, mode: Mode) -> Self {
        let mut all = Vec::new();
        for backend in pools(config, mode).flat_map(|pool| &pool.backends) {
            let lines = lines(config, backend, mode);
            if !all.contains(&lines) {
                all.push(lines);
            }
        }
        Transports(all)
    }

    /// The name of a backend's.
    pub(super) fn name(&self, config: &ResolvedConfig, backend: &ResolvedBackend, mode: Mode) -> String {
        let lines = lines(config, backend, mode);
        let number = self.0.iter().position(|other| *other == lines).unwrap_or(0);
        format!("backends-{}", number + 1)
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.line("serversTransports:");
        to.indented(|to| {
            for (number, lines) in self.0.iter().enumerate() {
                to.line(format!("backends-{}:", number + 1));
                to.indented(|to| lines.iter().for_each(|line| to.line(line)));
            }
        });
    }
}

fn lines(config: &ResolvedConfig, backend: &ResolvedBackend, mode: Mode) -> Vec<String> {
    let connect = format!("dialTimeout: {}", millis(config.timeouts.connect_millis));
    if mode == Mode::Tcp {
        let header = (backend.proxy_protocol > 0).then_some(backend.proxy_protocol);
        let header = header.map(|version| vec!["proxyProtocol:".to_owned(), format!("  version: {version}")]);
        return [connect].into_iter().chain(header.unwrap_or_default()).collect();
    }
    let mut lines = Vec::new();
    if backend.scheme == ResolvedScheme::Https {
        if !backend.verify {
            lines.push("insecureSkipVerify: true".to_owned());
        }
        if let Some(name) = &backend.server_name {
            lines.push(format!("serverName: {}", scalar(name)));
        }
    }
    lines.push("forwardingTimeouts:".to_owned());
    lines.push(format!("  {connect}"));
    lines.push(format!("  responseHeaderTimeout: {}", millis(config.timeouts.response_millis)));
    lines.push(format!("  idleConnTimeout: {}", millis(backend.idle_timeout_millis)));
    lines
}
