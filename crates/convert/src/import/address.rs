//! Hosts and ports, and times, as other programs write them.

use std::net::{IpAddr, Ipv6Addr};

/// Splits `host:port`, `[v6]:port`, `v6:port` or `host`; `None` where the port is none.
pub(super) fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port_number(port)?))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match text.rsplit_once(':') {
        Some((host, port)) => Some((host, Some(port_number(port)?))),
        None => Some((text, None)),
    }
}

/// A port, written with digits alone.
pub(super) fn port_number(text: &str) -> Option<u16> {
    whole_number(text).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0)
}

/// A whole number, written with digits alone.
pub(super) fn whole_number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether it can be the host of a URL here.
pub(super) fn is_host(text: &str) -> bool {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    !text.is_empty() && (text.bytes().all(is_name) || text.parse::<Ipv6Addr>().is_ok())
}

/// The address to listen on, as ours has it: `0.0.0.0` where every one is meant, nothing for 127.0.0.1; `None` where it is a name.
pub(super) fn listen_host(text: &str) -> Option<String> {
    match text {
        "" | "*" => Some("0.0.0.0".to_owned()),
        "localhost" | "127.0.0.1" => Some(String::new()),
        _ => text.parse::<IpAddr>().ok().map(|ip| ip.to_string()),
    }
}

/// Milliseconds of a time such as `5s`, `1m30s`, `500ms` or `5`, which has the unit that is usual there; `None` where it is none.
pub(super) fn millis(text: &str, usual: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = whole_number(rest.get(..digits)?)?;
        let after = rest.get(digits..)?;
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at_checked(letters)?;
        let unit = if unit.is_empty() { usual } else { unit };
        let add = match unit {
            "us" => number / 1000,
            "ms" => number,
            "s" => number.checked_mul(1000)?,
            "m" => number.checked_mul(60_000)?,
            "h" => number.checked_mul(3_600_000)?,
            "d" => number.checked_mul(86_400_000)?,
            "w" => number.checked_mul(604_800_000)?,
            "M" => number.checked_mul(2_592_000_000)?,
            "y" => number.checked_mul(31_536_000_000)?,
            _ => return None,
        };
        total = total.checked_add(add)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// The longest time here: a day.
pub(super) const LONGEST: u64 = 86_400_000;

/// A text that pools and servers are called by where only an address is known: `127-0-0-1-3000`.
pub(super) fn as_name(host: &str, port: u16) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
    format!("{host}:{port}").chars().map(kept).collect::<String>().trim_matches(['-', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_split_as_people_write_them() {
        for (text, found) in [
            ("a:80", Some(("a", Some(80)))),
            ("[::1]:80", Some(("::1", Some(80)))),
            ("[::1]", Some(("::1", None))),
            (":80", Some(("", Some(80)))),
            (":::80", Some(("::", Some(80)))),
            ("a", Some(("a", None))),
            ("a:", None),
            ("a:+1", None),
            ("a:0", None),
            ("a:65536", None),
            ("[x]:1", None),
            ("[::1]x", None),
        ] {
            assert_eq!(host_and_port(text), found, "{text}");
        }
    }

    #[test]
    fn times_have_the_usual_unit_where_none_is_written() {
        for (text, found) in [
            ("5s", Some(5000)),
            ("1m30s", Some(90_000)),
            ("500ms", Some(500)),
            ("1h", Some(3_600_000)),
            ("1500us", Some(1)),
            ("", None),
            ("s", None),
            ("5x", None),
            ("-5", None),
            ("5é", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(millis(text, "ms"), found, "{text}");
        }
        assert_eq!((millis("5", "ms"), millis("5", "s")), (Some(5), Some(5000)));
    }

    #[test]
    fn what_listens_everywhere_says_so() {
        let hosts = ["*", "", "127.0.0.1", "localhost", "::", "10.0.0.1", "lb.test"].map(listen_host);
        let text = |host: &str| Some(host.to_owned());
        assert_eq!(hosts, [text("0.0.0.0"), text("0.0.0.0"), text(""), text(""), text("::"), text("10.0.0.1"), None]);
    }
}
