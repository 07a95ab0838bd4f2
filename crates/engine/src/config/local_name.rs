//! Names of this machine that lead to a pool.

use super::local::without_brackets;
use crate::untrusted::Untrusted;

/// Top-level domains whose names browsers ask for over https alone, with a certificate that a public authority signed: they
/// stand on the list that browsers are built with (RFC 6797 12.3).
const HTTPS_ONLY: [&str; 34] = [
    "android",
    "app",
    "bank",
    "boo",
    "channel",
    "chrome",
    "dad",
    "day",
    "dev",
    "eat",
    "esq",
    "fly",
    "foo",
    "gle",
    "gmail",
    "google",
    "hangout",
    "how",
    "ing",
    "insurance",
    "meet",
    "meme",
    "mov",
    "new",
    "nexus",
    "page",
    "phd",
    "play",
    "prof",
    "rsvp",
    "search",
    "soy",
    "youtube",
    "zip",
];

/// Bytes of a label, and of a whole name, at most (RFC 1035 2.3.4).
const LABEL: usize = 63;
const NAME: usize = 253;

/// A name that leads to a pool, such as `app.localhost`, in lower case and without a dot at its end; one without a dot is one
/// of `localhost`.
///
/// # Errors
/// It is no name that can be used, with what to write instead.
pub fn local_name(name: &str) -> Result<String, String> {
    let shown: String = name.chars().take(LABEL).collect();
    let more = if shown.len() < name.len() { "…" } else { "" };
    let wrong = |why: &str| Err(format!("'{shown}{more}' cannot be a name: {why}"));
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if name.is_empty() {
        return wrong("it is empty: write letters, digits and -, such as app.localhost");
    }
    if without_brackets(&name).parse::<std::net::IpAddr>().is_ok() {
        return wrong("an address leads to the listener's own pool: write a name such as app.localhost");
    }
    if name.contains(['/', ':']) {
        return wrong("write the host alone, without scheme, port and path, such as app.localhost");
    }
    if name.contains('*') {
        return wrong("it stands for many: make it a route of the listener, {\"match\": {\"host\": \"*.localhost\"}}");
    }
    if !name.is_ascii() {
        return wrong("write it as it is sent, in letters, digits and -: a browser shows the form with xn--");
    }
    if name == "localhost" {
        return wrong("it leads to the listener's own pool already: make the pool that");
    }
    let name = if name.contains('.') { name } else { format!("{name}.localhost") };
    if name.len() > NAME {
        return wrong(&format!("it has {} characters, {NAME} are allowed", name.len()));
    }
    if let Some(why) = name.split('.').find_map(label) {
        return wrong(&why);
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return wrong("its last part is a number, which browsers take for an address: write one such as app.localhost");
    }
    if HTTPS_ONLY.contains(&last) {
        let first = name.split('.').next().unwrap_or_default();
        return wrong(&format!(
            "browsers ask for .{last} over https alone (HSTS), with a public authority's certificate: write {first}.localhost \
             or {first}.test"
        ));
    }
    Ok(name)
}

/// What is wrong with a part between dots.
fn label(label: &str) -> Option<String> {
    if label.is_empty() {
        return Some("there is nothing between two of its dots: write one such as app.localhost".to_owned());
    }
    if label.len() > LABEL {
        return Some(format!("one of its parts has {} characters, {LABEL} are allowed", label.len()));
    }
    if let Some(odd) = label.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        let odd = Untrusted::new(odd.to_string());
        return Some(format!("'{odd}' is in no host: write letters, digits and -, such as app.localhost"));
    }
    let dashed = label.starts_with('-') || label.ends_with('-');
    dashed.then(|| "no part of it begins or ends with -: write one such as app.localhost".to_owned())
}

/// The URL of a name at this port; without the port where the scheme says it (RFC 9110 4.2), or where it is 0.
pub fn name_url(name: &str, is_tls: bool, port: u16) -> String {
    let (scheme, usual) = if is_tls { ("https", 443) } else { ("http", 80) };
    if port == usual || port == 0 { format!("{scheme}://{name}") } else { format!("{scheme}://{name}:{port}") }
}

/// The host that a name of a pool is compared with: without a dot at its end.
pub(crate) fn bare_host(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_label_is_one_of_localhost_and_capitals_and_a_last_dot_are_no_matter() {
        for (written, name) in [
            ("app", "app.localhost"),
            ("App.", "app.localhost"),
            ("app.localhost", "app.localhost"),
            ("API.App.LocalHost.", "api.app.localhost"),
            ("shop.test", "shop.test"),
            ("printer.local", "printer.local"),
            ("app.home.arpa", "app.home.arpa"),
            ("app.example.com", "app.example.com"),
            ("dev", "dev.localhost"),
            ("xn--mnchen-3ya.test", "xn--mnchen-3ya.test"),
            ("4.localhost", "4.localhost"),
        ] {
            assert_eq!(local_name(written).as_deref(), Ok(name));
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_what_to_write() {
        let long = format!("{}.test", "a".repeat(64));
        let longer = format!("{}test", "abcdefghi.".repeat(30));
        for (written, says) in [
            ("", "it is empty"),
            (".", "it is empty"),
            ("app.dev", "browsers ask for .dev over https alone (HSTS)"),
            ("a.b.APP.", "write a.localhost or a.test"),
            ("127.0.0.1", "an address leads to"),
            ("::1", "an address leads to"),
            ("[::1]", "an address leads to"),
            ("[::1]:3001", "without scheme, port and path"),
            ("localhost", "it leads to the listener's own pool already"),
            ("LOCALHOST.", "it leads to the listener's own pool already"),
            ("*.localhost", "make it a route"),
            ("münchen.test", "xn--"),
            ("app.localhost:3001", "without scheme, port and path"),
            ("http://app.localhost", "without scheme, port and path"),
            ("_lb", "'_' is in no host"),
            ("a_b.test", "'_' is in no host"),
            ("a b", "' ' is in no host"),
            ("a\u{1b}[2J", "is in no host"),
            ("a\u{7}", "is in no host"),
            ("a..test", "nothing between two of its dots"),
            (".test", "nothing between two of its dots"),
            ("-a.test", "begins or ends with -"),
            ("a-.test", "begins or ends with -"),
            ("app.1", "take for an address"),
            ("127.1", "take for an address"),
            (&long, "one of its parts has 64 characters, 63 are allowed"),
            (&longer, "it has 304 characters, 253 are allowed"),
        ] {
            let why = local_name(written).expect_err(written);
            assert!(why.contains(says), "{written}: {why}");
        }
    }
}
