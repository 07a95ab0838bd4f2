//! The cookie that holds a backend's id.

use std::fmt::Write as _;
use std::sync::Arc;

use http::header::{COOKIE, HeaderMap, HeaderValue};

use crate::config::{CookieConfig, SameSite};

/// The sticky cookie: how it is read, taken out of a request, and set.
#[derive(Clone, Debug)]
pub(crate) struct CookieSticky {
    /// Its name.
    pub(crate) name: Arc<str>,
    attributes: String,
}

impl CookieSticky {
    /// A cookie with these attributes. `secure: auto` means no `Secure`: this listener speaks plain HTTP.
    pub(crate) fn new(config: &CookieConfig) -> Self {
        let mut attributes = format!("; Path={}", config.path);
        if let Some(seconds) = config.max_age {
            // Writing to a string cannot fail.
            let _ = write!(attributes, "; Max-Age={seconds}");
        }
        if let Some(domain) = &config.domain {
            let _ = write!(attributes, "; Domain={domain}");
        }
        attributes.push_str("; HttpOnly");
        attributes.push_str(match config.same_site {
            SameSite::Lax => "; SameSite=Lax",
            SameSite::Strict => "; SameSite=Strict",
            SameSite::None => "; SameSite=None",
        });
        if config.secure == Some(true) {
            attributes.push_str("; Secure");
        }
        CookieSticky { name: config.name.as_str().into(), attributes }
    }

    /// The `Set-Cookie` value that binds a client to the backend with this id.
    pub(crate) fn set_cookie(&self, id: u32) -> HeaderValue {
        // Name and attributes are checked when the configuration is read: visible ASCII only.
        let text = format!("{}={id}{}", self.name, self.attributes);
        HeaderValue::try_from(text).expect("the configuration lets only visible ASCII into a cookie")
    }

    /// Takes the balancer's own cookie out of a request and returns the id it holds.
    ///
    /// Anything but one plain decimal number counts as no cookie: so does a second pair of the same name
    /// with another value. All other pairs stay as they are, byte for byte.
    pub(crate) fn take(&self, headers: &mut HeaderMap) -> Option<u32> {
        if !headers.get_all(COOKIE).iter().any(|line| contains(line.as_bytes(), self.name.as_bytes())) {
            return None;
        }
        let lines: Vec<HeaderValue> = headers.get_all(COOKIE).iter().cloned().collect();
        headers.remove(COOKIE);
        let mut values: Vec<Vec<u8>> = Vec::new();
        for line in lines {
            let mut rest: Vec<&[u8]> = Vec::new();
            let before = values.len();
            for pair in line.as_bytes().split(|b| *b == b';') {
                match value_of(pair, self.name.as_bytes()) {
                    Some(value) => values.push(value.to_vec()),
                    None => rest.push(pair),
                }
            }
            if values.len() == before {
                headers.append(COOKIE, line);
                continue;
            }
            let joined = rest.join(&b';');
            // Removing whole pairs from a valid value leaves a valid one.
            if let Ok(value) = HeaderValue::from_bytes(joined.trim_ascii())
                && !value.is_empty()
            {
                headers.append(COOKIE, value);
            }
        }
        let first = values.first()?;
        if values.iter().any(|v| v != first) {
            return None;
        }
        plain_number(first)
    }
}

/// The value of `pair` where its name is exactly `name`: cookie names are case-sensitive (RFC 6265 5.3).
fn value_of<'p>(pair: &'p [u8], name: &[u8]) -> Option<&'p [u8]> {
    pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"=")
}

/// A number as this program writes it: `1abc`, `+1`, `01` and the empty value are none.
fn plain_number(value: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(value).ok()?;
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    text.parse().ok().filter(|_| canonical)
}

fn contains(line: &[u8], name: &[u8]) -> bool {
    line.windows(name.len()).any(|w| w == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(lines: &[&str]) -> (Option<u32>, Vec<String>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line.as_bytes()).expect(line));
        }
        let id = CookieSticky::new(&CookieConfig::default()).take(&mut headers);
        let left = headers.get_all(COOKIE).iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect();
        (id, left)
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
        assert_eq!(sticky.set_cookie(3), "X-Backend-ID=3; Path=/; HttpOnly; SameSite=Lax");
        let custom = CookieConfig {
            name: "lb".into(),
            max_age: Some(60),
            same_site: SameSite::None,
            secure: Some(true),
            path: "/app".into(),
            domain: Some("example.test".into()),
        };
        assert_eq!(
            CookieSticky::new(&custom).set_cookie(0),
            "lb=0; Path=/app; Max-Age=60; Domain=example.test; HttpOnly; SameSite=None; Secure"
        );
    }
}
