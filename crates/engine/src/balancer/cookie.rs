//! The sticky cookie, whose value is a backend's id.

use http::header::HeaderValue;
use memchr::memmem;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::api::BackendId;
use crate::config::CookieConfig;

/// Reads the sticky cookie, removes it from requests, and formats `Set-Cookie`.
#[derive(Clone, Debug)]
pub(crate) struct CookieSticky {
    pub(crate) name: Arc<str>,
    attributes: String,
}

impl CookieSticky {
    /// A cookie with these attributes. `secure: auto` is decided where the listeners are known; undecided it is not `Secure`.
    pub(crate) fn new(config: &CookieConfig) -> Self {
        let mut attributes = format!("; Path={}", config.path);
        if let Some(seconds) = config.max_age {
            // Writing to a string cannot fail.
            let _ = write!(attributes, "; Max-Age={seconds}");
        }
        if let Some(domain) = &config.domain {
            let _ = write!(attributes, "; Domain={domain}");
        }
        attributes.push_str("; HttpOnly; SameSite=");
        attributes.push_str(config.same_site.word());
        if config.secure == Some(true) {
            attributes.push_str("; Secure");
        }
        CookieSticky { name: config.name.as_str().into(), attributes }
    }

    /// The `Set-Cookie` value that binds a client to the backend with this id.
    pub(crate) fn set_cookie(&self, id: BackendId) -> HeaderValue {
        // Name and attributes are checked when the configuration is read: visible ASCII only.
        let text = format!("{}={id}{}", self.name, self.attributes);
        HeaderValue::try_from(text).expect("the configuration lets only visible ASCII into a cookie")
    }

    /// The backend id in a request's `Cookie` lines. `None` if the value is not a plain decimal number, or if several
    /// cookies of this name have different values.
    pub(crate) fn id<'l>(&self, lines: impl Iterator<Item = &'l [u8]>) -> Option<BackendId> {
        let mut values = lines.filter(|line| is_in(&self.name, line)).flat_map(|line| self.values(line));
        let first = values.next()?;
        if values.any(|value| value != first) {
            return None;
        }
        plain_number(first).map(BackendId::new)
    }

    /// Whether this line may contain a cookie of one of these names; a quick check with false positives.
    pub(crate) fn any_in(names: &[Arc<str>], line: &[u8]) -> bool {
        names.iter().any(|name| is_in(name, line))
    }

    /// Writes a field line without the cookies of these names; nothing if no other cookie is in it. Other pairs stay
    /// byte for byte as they are.
    pub(crate) fn write_others(names: &[Arc<str>], name: &[u8], line: &[u8], out: &mut Vec<u8>) {
        let whole = out.len();
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        let start = out.len();
        let other = |pair: &&[u8]| names.iter().all(|name| value_of(pair, name.as_bytes()).is_none());
        for pair in line.split(|b| *b == b';').filter(other) {
            // The first remaining pair must not start with the space that separated it from a removed one.
            out.extend_from_slice(if out.len() == start { pair.trim_ascii_start() } else { pair });
            out.push(b';');
        }
        out.pop();
        if out.len() <= start {
            out.truncate(whole);
        } else {
            out.extend_from_slice(b"\r\n");
        }
    }

    /// The cookies in a line whose names are none of these, as they were sent.
    pub(crate) fn others<'l>(names: &[Arc<str>], line: &'l [u8]) -> impl Iterator<Item = &'l [u8]> {
        let other =
            |pair: &&[u8]| !pair.is_empty() && names.iter().all(|name| value_of(pair, name.as_bytes()).is_none());
        line.split(|b| *b == b';').map(<[u8]>::trim_ascii).filter(other)
    }

    fn values<'l>(&self, line: &'l [u8]) -> impl Iterator<Item = &'l [u8]> {
        line.split(|b| *b == b';').filter_map(|pair| value_of(pair, self.name.as_bytes()))
    }
}

fn is_in(name: &str, line: &[u8]) -> bool {
    memmem::find(line, name.as_bytes()).is_some()
}

/// The value of `pair` if its name is exactly `name`: cookie names are case-sensitive (RFC 6265 5.3).
pub(super) fn value_of<'p>(pair: &'p [u8], name: &[u8]) -> Option<&'p [u8]> {
    pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"=")
}

/// Parses a number in the form that this program writes: rejects `1abc`, `+1`, `01` and the empty value.
fn plain_number(value: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(value).ok()?;
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    text.parse().ok().filter(|_| canonical)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SameSite;
    use proptest::prelude::*;

    fn take(lines: &[&str]) -> (Option<u32>, Vec<String>) {
        let sticky = CookieSticky::new(&CookieConfig::default());
        let id = sticky.id(lines.iter().map(|line| line.as_bytes()));
        let mut left = Vec::new();
        for line in lines {
            let mut out = Vec::new();
            CookieSticky::write_others(&[Arc::clone(&sticky.name)], b"cookie", line.as_bytes(), &mut out);
            let text = String::from_utf8(out).expect("text");
            left.extend(text.strip_prefix("cookie: ").map(|rest| rest.trim_end_matches("\r\n").to_owned()));
        }
        (id.map(BackendId::get), left)
    }

    #[test]
    fn the_balancers_cookie_is_taken_out_and_the_rest_stays_byte_exact() {
        assert_eq!(take(&["X-Backend-ID=2"]), (Some(2), vec![]));
        assert_eq!(take(&["a=1;  b=2;X-Backend-ID=2; c=\"x y\""]), (Some(2), vec!["a=1;  b=2; c=\"x y\"".into()]));
        assert_eq!(take(&["X-Backend-ID=2; a=ü"]), (Some(2), vec!["a=ü".into()]));
        assert_eq!(take(&["a=1", "X-Backend-ID=7; b=2"]), (Some(7), vec!["a=1".into(), "b=2".into()]));
    }

    #[test]
    fn whatever_is_no_plain_number_is_as_if_absent() {
        for value in ["", "1abc", "+1", "-1", "01", "0x1", " 1 2", "99999999999", "\"1\"", "1.0"] {
            let (id, left) = take(&[&format!("X-Backend-ID={value}")]);
            assert_eq!((id, left.len()), (None, 0), "{value}");
        }
        assert_eq!(take(&["X-Backend-ID=1; X-Backend-ID=2"]).0, None);
        assert_eq!(take(&["X-Backend-ID=1; X-Backend-ID=1"]).0, Some(1));
    }

    #[test]
    fn names_that_only_look_alike_are_left_alone() {
        for line in ["x-backend-id=1", "My-X-Backend-ID=1", "X-Backend-IDs=1", "a=X-Backend-ID"] {
            assert_eq!(take(&[line]), (None, vec![line.to_owned()]), "{line}");
        }
    }

    #[test]
    fn the_cookie_that_is_set_has_the_fixed_shape() {
        let sticky = CookieSticky::new(&CookieConfig::default());
        assert_eq!(sticky.set_cookie(3.into()), "X-Backend-ID=3; Path=/; HttpOnly; SameSite=Lax");
        let custom = CookieConfig {
            name: "lb".into(),
            max_age: Some(60),
            same_site: SameSite::None,
            secure: Some(true),
            path: "/app".into(),
            domain: Some("example.test".into()),
        };
        assert_eq!(
            CookieSticky::new(&custom).set_cookie(0.into()),
            "lb=0; Path=/app; Max-Age=60; Domain=example.test; HttpOnly; SameSite=None; Secure"
        );
    }

    proptest! {
        #[test]
        fn hostile_cookies_bind_by_a_plain_number_alone_and_others_pass_byte_for_byte(
            pairs in proptest::collection::vec("[ -:<-~\u{80}-\u{ff}]{0,20}|X-Backend-ID=[ -:<-~]{0,12}| X-Backend-ID=[0-9]{1,11}", 0..8),
        ) {
            let line = pairs.join(";");
            let (id, left) = take(&[&line]);
            if let Some(id) = id {
                let own = format!("X-Backend-ID={id}");
                prop_assert!(pairs.iter().any(|pair| pair.trim_ascii() == own), "{} of {}", id, line);
            }
            let others: Vec<&str> =
                line.split(';').filter(|pair| !pair.trim_ascii().starts_with("X-Backend-ID=")).collect();
            let others = others.join(";");
            let passed = left.first().map_or("", String::as_str);
            prop_assert_eq!(passed.trim_ascii_start(), others.trim_ascii_start());
        }
    }
}
