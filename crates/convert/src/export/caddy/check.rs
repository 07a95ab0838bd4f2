//! How backends are checked.

use stickylb::api::{CheckAlgorithm, ResolvedBackend, ResolvedCheck, ResolvedPool, ResolvedValue, StickyBy};

use super::text::{duration, pattern, token};
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Writes the checks of a pool's backends, which Caddy makes alike.
pub(super) fn write(pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    let Some(first) = backends.first() else { return };
    let check = &first.check;
    let name = &pool.name;
    if check.agent {
        to.cannot(
            Feature::Agent,
            format!("health.agent of {name}: Caddy has none, weights and states stay as they are here"),
        );
    }
    if backends.iter().any(|backend| !is_alike(&backend.check, check)) {
        return to.cannot(
            Feature::CheckHttp,
            format!("health of {name}: Caddy checks all backends of a proxy alike, and these are not: none is checked, only requests that fail take one out"),
        );
    }
    if backends.iter().any(|backend| backend.proxy_protocol > 0) {
        return to.cannot(
            Feature::ProxyToBackends,
            format!("health of {name}: Caddy makes no checks of backends that are to have a PROXY header: only requests that fail take one out"),
        );
    }
    let unchecked = |what: &str| {
        format!("health.algorithm {what} of {name}: Caddy has none, only requests that fail take a backend out")
    };
    match check.algorithm {
        CheckAlgorithm::Tcp => return to.cannot(Feature::CheckTcp, unchecked("tcp")),
        // It could wait for the status 101, and would leave each connection open for ever.
        CheckAlgorithm::Websocket => return to.cannot(Feature::CheckWebsocket, unchecked("websocket")),
        CheckAlgorithm::Command => return to.cannot(Feature::CheckCommand, unchecked("command")),
        // Any answer will do: one status or class would take out backends that are well.
        CheckAlgorithm::Http => return to.cannot(Feature::CheckHttp, unchecked("http")),
        _ => {}
    }
    if pool.sticky.by == StickyBy::Cookie {
        to.comment("Each proxy checks its backends by itself.");
    }
    uri(name, check, to);
    to.line(format!("health_interval {}", duration(check.interval_millis)));
    to.line(format!("health_timeout {}", duration(check.timeout_millis)));
    expected(name, check, to);
    headers(name, check, to);
    if check.rise > 1 || check.fall > 1 {
        to.cannot(
            Feature::RiseFall,
            format!("health.rise and health.fall of {name}: Caddy counts checks since the state has changed, in a row or not"),
        );
        to.line(format!("health_passes {}", check.rise));
        to.line(format!("health_fails {}", check.fall));
    }
}

/// Whether two checks say the same of a backend, however often.
fn is_alike(one: &ResolvedCheck, other: &ResolvedCheck) -> bool {
    (one.algorithm, &one.method, &one.path, &one.headers)
        == (other.algorithm, &other.method, &other.path, &other.headers)
        && (&one.expect, &one.command) == (&other.expect, &other.command)
}

fn uri(name: &str, check: &ResolvedCheck, to: &mut Writer) {
    // Caddy writes them so itself when it asks.
    let written = |byte: u8| match byte {
        b'"' | b'`' | b'\\' | b'{' | b'}' | b' ' | b'<' | b'>' | b'^' | b'|' | 0..=31 | 127.. => format!("%{byte:02X}"),
        _ => char::from(byte).to_string(),
    };
    let path: String = check.path.bytes().map(written).collect();
    let is_escape = |behind: &str| behind.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let mut parts = path.split('%');
    let mut uri = parts.next().unwrap_or_default().to_owned();
    for behind in parts {
        uri.push_str(if is_escape(behind) { "%" } else { "%25" });
        uri.push_str(behind);
    }
    if uri != path {
        to.cannot(
            Feature::CheckHttp,
            format!("health.path of {name}: Caddy takes no % that stands for nothing, it asks for %25 in its place"),
        );
    }
    to.line(format!("health_uri \"{uri}\""));
    if check.method != "GET" {
        to.line(format!("health_method {}", field(&check.method)));
    }
}

fn expected(name: &str, check: &ResolvedCheck, to: &mut Writer) {
    match check.expect.status.as_slice() {
        [] | [(200, 299)] => {}
        [(status, last)] if status == last => to.line(format!("health_status {status}")),
        [(first, last)] if first % 100 == 0 && last - first == 99 => {
            to.line(format!("health_status {}xx", first / 100));
        }
        ranges => {
            let has_2xx = ranges.iter().any(|(first, last)| *first < 300 && *last >= 200);
            let class = if has_2xx { 2 } else { ranges[0].0 / 100 };
            to.cannot(
                Feature::CheckHttp,
                format!("health.expect.status of {name}: Caddy takes one status or one class of them: only {class}xx is healthy there"),
            );
            to.line(format!("health_status {class}xx"));
        }
    }
    if let Some(body) = &check.expect.body {
        to.line(format!("health_body \"{}\"", pattern(body)));
    }
    if !check.expect.json.is_empty() {
        to.cannot(
            Feature::CheckExpect,
            format!("health.expect.json of {name}: Caddy reads no JSON, only the status and health.expect.body count"),
        );
    }
}

fn headers(name: &str, check: &ResolvedCheck, to: &mut Writer) {
    let mut lines: Vec<String> = Vec::new();
    for header in &check.headers {
        let value = match &header.value {
            ResolvedValue::Plain(text) => token(text),
            ResolvedValue::Environment(name) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                Some(format!("\"{{env.{name}}}\""))
            }
            _ => None,
        };
        match value {
            Some(value) => lines.push(format!("{} {value}", field(&canonical(&header.name)))),
            None => to.cannot(
                Feature::CheckSecrets,
                format!(
                    "health.headers.{} of {name}: its value may be a secret, and is not written: add it",
                    header.name
                ),
            ),
        }
    }
    if lines.is_empty() {
        return;
    }
    to.line("health_headers {");
    to.indented(|to| lines.iter().for_each(|line| to.line(line)));
    to.line("}");
}

/// The name of a method or field, which has no braces, no quotes and no backslashes.
fn field(name: &str) -> String {
    token(name).expect("a token of HTTP can be written")
}

/// `x-token` as `X-Token`: some versions know the field `Host` in this spelling alone.
fn canonical(field: &str) -> String {
    let part = |part: &str| {
        let mut rest = part.chars();
        rest.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(rest).collect::<String>()
    };
    field.split('-').map(part).collect::<Vec<_>>().join("-")
}
