//! A client's cookies, kept as a browser keeps those of one host (RFC 6265 5.3, 5.4).

use std::time::{Duration, SystemTime};

/// Most cookies that are kept; the oldest makes room.
const MOST: usize = 50;

/// Most bytes of a cookie's name and value.
const LONGEST: usize = 4096;

/// A client's cookies.
#[derive(Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    path: String,
    /// `None` for as long as the client lives.
    until: Option<SystemTime>,
}

impl Jar {
    /// Takes what a `Set-Cookie` field says, of an answer to a request for this path.
    pub(super) fn take(&mut self, field: &[u8], path: &str, now: SystemTime) {
        let mut parts = field.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let Some((name, value)) = parts.next().and_then(pair) else { return };
        if name.is_empty() || name.len() + value.len() > LONGEST {
            return;
        }
        let mut cookie = Cookie { name: name.to_vec(), value: value.to_vec(), path: default_path(path), until: None };
        let mut has_age = false;
        for (name, value) in parts.filter_map(pair) {
            let value = String::from_utf8_lossy(value);
            if name.eq_ignore_ascii_case(b"path") && value.starts_with('/') {
                cookie.path = value.into_owned();
            } else if name.eq_ignore_ascii_case(b"max-age") {
                let Ok(seconds) = value.parse::<i64>() else { continue };
                // An age weighs more than a date.
                has_age = true;
                cookie.until = u64::try_from(seconds)
                    .map_or(Some(SystemTime::UNIX_EPOCH), |seconds| now.checked_add(Duration::from_secs(seconds)));
            } else if name.eq_ignore_ascii_case(b"expires") && !has_age {
                cookie.until = date(&value);
            }
        }
        self.cookies.retain(|old| (&old.name, &old.path) != (&cookie.name, &cookie.path));
        if cookie.until.is_none_or(|until| until > now) {
            if self.cookies.len() == MOST {
                self.cookies.remove(0);
            }
            self.cookies.push(cookie);
        }
    }

    /// The `Cookie` field of a request for this path; `None` where there is nothing to say.
    pub(super) fn field(&self, path: &str, now: SystemTime) -> Option<Vec<u8>> {
        let is_sent = |cookie: &&Cookie| cookie.until.is_none_or(|until| until > now) && covers(&cookie.path, path);
        let mut sent: Vec<&Cookie> = self.cookies.iter().filter(is_sent).collect();
        // The more exact path first (RFC 6265 5.4).
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<Vec<u8>> = sent.iter().map(|cookie| [&*cookie.name, b"=", &*cookie.value].concat()).collect();
        (!pairs.is_empty()).then(|| pairs.join(&b"; "[..]))
    }
}

/// The two sides of the first equals sign.
fn pair(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = part.iter().position(|byte| *byte == b'=')?;
    Some((part[..at].trim_ascii(), part[at + 1..].trim_ascii()))
}

/// Where a cookie without a path is sent to: what the request asked for, up to its last slash.
fn default_path(path: &str) -> String {
    match path.rfind('/') {
        Some(at @ 1..) => path[..at].to_owned(),
        _ => "/".to_owned(),
    }
}

fn covers(cookie: &str, path: &str) -> bool {
    let Some(rest) = path.strip_prefix(cookie) else { return false };
    rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/')
}

/// A date as HTTP writes it, also with hyphens as old servers do; `None` where it is none.
fn date(text: &str) -> Option<SystemTime> {
    let zoned = jiff::fmt::rfc2822::parse(&text.replace('-', " ")).ok()?;
    Some(zoned.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(jar: &Jar, path: &str, now: SystemTime) -> String {
        String::from_utf8(jar.field(path, now).unwrap_or_default()).expect("as it came")
    }

    #[test]
    fn what_was_set_is_sent_back_and_what_is_set_again_replaces_it() {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        assert_eq!(jar.field("/", now), None);
        jar.take(b"X-Backend-ID=2; Path=/; HttpOnly; SameSite=Lax", "/a/b", now);
        jar.take(b"theme = dark=er ", "/", now);
        assert_eq!(shown(&jar, "/c", now), "X-Backend-ID=2; theme=dark=er");
        jar.take(b"X-Backend-ID=0; path=/", "/", now);
        assert_eq!(shown(&jar, "/c", now), "theme=dark=er; X-Backend-ID=0");
    }

    #[test]
    fn a_cookie_without_an_age_or_with_a_past_date_is_removed() {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        for removal in [
            "a=; Max-Age=0",
            "a=; max-age=-1",
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=; expires=Thu, 01-Jan-1970 00:00:00 GMT",
            "a=; Max-Age=0; Expires=Fri, 01 Jan 2300 00:00:00 GMT",
        ] {
            jar.take(b"a=1", "/", now);
            assert_eq!(shown(&jar, "/", now), "a=1");
            jar.take(removal.as_bytes(), "/", now);
            assert_eq!(jar.field("/", now), None, "{removal}");
        }
        jar.take(b"a=1; Max-Age=60", "/", now);
        assert_eq!(shown(&jar, "/", now + Duration::from_secs(59)), "a=1");
        assert_eq!(jar.field("/", now + Duration::from_mins(1)), None);
        jar.take(b"b=2; Expires=no date", "/", now);
        assert_eq!(shown(&jar, "/", now + Duration::from_mins(1)), "b=2");
    }

    #[test]
    fn a_path_is_honoured_and_the_more_exact_one_comes_first() {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        jar.take(b"all=1; Path=/", "/", now);
        jar.take(b"api=2; Path=/api", "/", now);
        jar.take(b"here=3", "/shop/cart", now);
        assert_eq!(shown(&jar, "/api/users", now), "api=2; all=1");
        assert_eq!(shown(&jar, "/apix", now), "all=1");
        assert_eq!(shown(&jar, "/shop/pay", now), "here=3; all=1");
    }

    #[test]
    fn it_is_bounded_and_takes_no_nonsense() {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        for nonsense in [&b"no pair"[..], b"=x", b"", b";;;", &[b'a'; 5000]] {
            jar.take(nonsense, "/", now);
        }
        jar.take(&[b"a=".to_vec(), vec![b'x'; 5000]].concat(), "/", now);
        assert_eq!(jar.field("/", now), None);
        for number in 0..200 {
            jar.take(format!("c{number}=1").as_bytes(), "/", now);
        }
        let field = shown(&jar, "/", now);
        assert_eq!(field.split("; ").count(), MOST);
        assert!(field.ends_with("c199=1"), "{field}");
        jar.take(b"\xff=\xfe", "/", now);
        assert!(jar.field("/", now).expect("some").ends_with(b"\xff=\xfe"));
    }
}
