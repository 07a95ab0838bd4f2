//! Which names and addresses mean this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a connection to `ip` reaches a listener at `host`, which has the same port.
pub(crate) fn reaches(ip: IpAddr, host: IpAddr) -> bool {
    let (ip, host) = (ip.to_canonical(), host.to_canonical());
    // A connection to no address in particular is one to this machine.
    let ip = match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    // A listener on 127.0.0.1 listens on `::1` as well, or another one of the same balancer does.
    let is_other = host == IpAddr::V4(Ipv4Addr::LOCALHOST) && ip == IpAddr::V6(Ipv6Addr::LOCALHOST);
    ip == host || is_other || (host.is_unspecified() && ip.is_loopback())
}

/// An IPv4 address as `inet_aton` reads it, and with it every resolver: one to four numbers, each decimal, `0x` and
/// hexadecimal, or `0` and octal, of which the last fills all bytes that are left: `127.1`, `0x7f000001`.
pub(crate) fn ipv4_in_parts(host: &str) -> Option<Ipv4Addr> {
    let number = |text: &str| {
        let (digits, radix) = match text.strip_prefix("0x") {
            Some(digits) => (digits, 16),
            None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
            None => (text, 10),
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, radix).ok().filter(|_| is_number)
    };
    let parts: Vec<u32> = host.split('.').map(number).collect::<Option<_>>()?;
    let (last, before) = parts.split_last()?;
    let left = 4_usize.checked_sub(before.len()).filter(|left| *left > 0)?;
    let fits = before.iter().all(|part| *part < 256) && (left == 4 || *last < 1 << (8 * left));
    let whole = before.iter().zip([24, 16, 8]).fold(*last, |sum, (part, shift)| sum | part << shift);
    fits.then(|| Ipv4Addr::from(whole))
}

/// A host as an address is written alone: of `[::1]`, what stands in the brackets.
pub(crate) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Whether `host` (a name or an address, without port) means this machine.
pub fn is_local_name(host: &str) -> bool {
    let host = without_brackets(host);
    let name = host.strip_suffix('.').unwrap_or(host);
    let tail = name.len().checked_sub("localhost".len()).filter(|at| name.is_char_boundary(*at));
    if let Some(at) = tail {
        let (before, last) = name.split_at(at);
        if last.eq_ignore_ascii_case("localhost") && (before.is_empty() || before.ends_with('.')) {
            return true;
        }
    }
    match host.as_bytes().first() {
        Some(b'0'..=b'9') => host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
        Some(_) => host.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_names_are_those_of_this_machine_only() {
        for name in ["localhost", "LocalHost", "app.localhost", "localhost.", "127.0.0.1", "127.9.9.9", "[::1]", "::1"]
        {
            assert!(is_local_name(name), "{name}");
        }
        for name in ["", "evil.example", "notlocalhost", "localhost.example", "128.0.0.1", "::2", "127.0.0.1.example"] {
            assert!(!is_local_name(name), "{name}");
        }
    }
}
