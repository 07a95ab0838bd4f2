//! Which requests a route takes.

use std::net::Ipv4Addr;

use stickylb::api::{ResolvedRoute, UpgradeMatch};

use super::text::pattern;
use crate::export::writer::Writer;

/// A request for another protocol: Caddy has a matcher for WebSocket alone.
const ASKS_FOR_UPGRADE: [&str; 2] =
    ["header_regexp Connection \"(?i)(?:^|,) *upgrade *(?:,|$)\"", "header_regexp Upgrade \"[^ ]\""];

/// Writes the matcher `name` for a route; `false` where it takes all requests and has none.
pub(super) fn write(name: &str, route: &ResolvedRoute, to: &mut Writer) -> bool {
    let mut lines: Vec<String> = Vec::new();
    match &route.upgrade {
        None => {}
        Some(UpgradeMatch::None) => {
            lines.push("not {".to_owned());
            lines.extend(ASKS_FOR_UPGRADE.map(|line| format!("\t{line}")));
            lines.push("}".to_owned());
        }
        Some(UpgradeMatch::Protocol(protocol)) => {
            lines.push(ASKS_FOR_UPGRADE[0].to_owned());
            lines.push(format!("header_regexp Upgrade \"(?i)^ *{} *$\"", pattern(protocol)));
        }
        Some(_) => lines.extend(ASKS_FOR_UPGRADE.map(str::to_owned)),
    }
    if let Some(prefix) = route.path_prefix.as_deref().filter(|prefix| *prefix != "/") {
        // As it was sent: the matchers of paths decode and clean it. It may begin with where it is meant for.
        let end = if prefix.ends_with('/') { "" } else { "(?:[/?]|$)" };
        let origin = "(?:[a-zA-Z]+://[^/]*)?";
        lines.push(format!("vars_regexp {{http.request.orig_uri}} \"^{origin}{}{end}\"", pattern(prefix)));
    }
    if let Some(host) = &route.host {
        lines.push(match host.strip_prefix('*') {
            // The wildcard of the matcher `host` is one label, and ours any number.
            Some(rest) => format!("header_regexp Host \"(?i)^.+{}\\.?(?::[0-9]*)?$\"", pattern(rest)),
            None if host.parse::<Ipv4Addr>().is_ok() || host.starts_with('[') => {
                format!("host {}", host.trim_matches(['[', ']']))
            }
            // The same name, from its root.
            None => format!("host {host} {host}."),
        });
    }
    match lines.as_slice() {
        [] => return false,
        [line] => to.line(format!("{name} {line}")),
        lines => {
            to.line(format!("{name} {{"));
            to.indented(|to| lines.iter().for_each(|line| to.line(line)));
            to.line("}");
        }
    }
    true
}
