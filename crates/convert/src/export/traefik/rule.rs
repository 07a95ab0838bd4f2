//! Which requests a router gets.

use stickylb::api::{ResolvedRoute, UpgradeMatch};

/// Requests of anyone for anything.
pub(super) const ALL: &str = "PathPrefix(`/`)";

/// `localhost` and addresses: the hosts that a listener with names takes beside them.
pub(super) const LOCAL_OR_ADDRESS: &str =
    "(Host(`localhost`) || HostRegexp(`^([0-9.]+|\\[?[0-9a-f.]*:[0-9a-f:.]*\\]?)$`))";

/// A text as an argument: raw, or as Go quotes it where it has the quote of raw ones, or a mark that Go takes nowhere.
pub(super) fn argument(text: &str) -> String {
    if text.contains(['`', '\u{feff}']) {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\u{feff}', "\\ufeff");
        format!("\"{quoted}\"")
    } else {
        format!("`{text}`")
    }
}

/// A text as a regular expression that matches it alone (RE2).
fn literally(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// What a route matches; whole segments of its path alone.
pub(super) fn of(route: &ResolvedRoute) -> String {
    let host = route.host.as_deref().map(host);
    let path = route.path_prefix.as_deref().and_then(path);
    let parts: Vec<String> = [route.upgrade.as_ref().map(upgrade), host, path].into_iter().flatten().collect();
    if parts.is_empty() { ALL.to_owned() } else { parts.join(" && ") }
}

fn host(host: &str) -> String {
    match host.strip_prefix("*.") {
        Some(rest) => format!("HostRegexp({})", argument(&format!("^.+\\.{}$", literally(rest)))),
        // Brackets of IPv6 are taken from what is asked for.
        None => format!("Host({})", argument(host.trim_matches(['[', ']']))),
    }
}

/// A path as Traefik compares it, with its escapes decoded; as it is where that would be no text that can be seen.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match rest {
            [b'%', digits @ ..] => digits.get(..2).and_then(of_hex),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    let decoded = String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control));
    decoded.unwrap_or_else(|| path.to_owned())
}

fn of_hex(digits: &[u8]) -> Option<u8> {
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn path(prefix: &str) -> Option<String> {
    if prefix == "/" {
        return None;
    }
    let prefix = decoded(prefix);
    if prefix.ends_with('/') {
        return Some(format!("PathPrefix({})", argument(&prefix)));
    }
    let below = format!("{prefix}/");
    Some(format!("(Path({}) || PathPrefix({}))", argument(&prefix), argument(&below)))
}

/// A request asks for an upgrade by two fields (RFC 9110 7.8).
fn upgrade(upgrade: &UpgradeMatch) -> String {
    let asks = "HeaderRegexp(`Connection`, `(?i)(^|,)\\s*upgrade\\s*(,|$)`)";
    match upgrade {
        UpgradeMatch::None => format!("!({asks} && HeaderRegexp(`Upgrade`, `.`))"),
        UpgradeMatch::Protocol(protocol) => {
            let pattern = format!("(?i)(^|,)\\s*{}\\s*(/|,|$)", literally(protocol));
            format!("{asks} && HeaderRegexp(`Upgrade`, {})", argument(&pattern))
        }
        _ => format!("{asks} && HeaderRegexp(`Upgrade`, `.`)"),
    }
}

/// Whether a client is of one of these networks.
pub(super) fn client_of(networks: &[String]) -> String {
    let of: Vec<String> = networks.iter().map(|network| format!("ClientIP({})", argument(network))).collect();
    of.join(" || ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_matches_whole_segments() {
        assert_eq!(path("/api").as_deref(), Some("(Path(`/api`) || PathPrefix(`/api/`))"));
        assert_eq!(path("/api/").as_deref(), Some("PathPrefix(`/api/`)"));
        assert_eq!(path("/"), None);
        assert_eq!(path("/a`\"\\").as_deref(), Some(r#"(Path("/a`\"\\") || PathPrefix("/a`\"\\/"))"#));
        assert_eq!(argument("/\u{feff}"), r#""/\ufeff""#);
    }

    #[test]
    fn escapes_in_a_path_are_decoded_as_those_of_a_request_are() {
        let decoded = ["/a%20b", "/%c3%A9", "/%", "/%zz", "/%2", "/%0a", "/%ff", "/%2520"].map(decoded);
        assert_eq!(decoded, ["/a b", "/é", "/%", "/%zz", "/%2", "/%0a", "/%ff", "/%20"]);
    }

    #[test]
    fn an_address_has_no_brackets() {
        assert_eq!(host("[::1]"), "Host(`::1`)");
    }

    #[test]
    fn a_star_stands_for_any_name() {
        assert_eq!(host("*.api.localhost"), "HostRegexp(`^.+\\.api\\.localhost$`)");
    }
}
