//! Ids that answers of the recording gave, and requests without them: what is left tells whether copies differ for everyone,
//! or for the client of one of them.

use std::collections::HashSet;
use stickylb_survive::{Exchange, Request, is_session_cookie};

use super::exchange::without_cookie;

/// The shortest that is taken for an id, and the longest.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// The most ids that are remembered.
const MOST: usize = 200_000;

/// Ids that answers gave.
#[derive(Default)]
pub(crate) struct Ids {
    /// Names of cookies that were set.
    cookies: HashSet<String>,
    /// Words of answers that may be ids.
    given: HashSet<Vec<u8>>,
    /// Those in answers to what makes something: an upload's place.
    made: HashSet<Vec<u8>>,
}

/// A request without what ties it to one client, and what that was, in the words of `sticky.from`.
pub(crate) struct Stripped {
    /// The request.
    pub(crate) request: Request,
    /// What was taken out: `cookie:sid`, `header:Mcp-Session-Id`, `query:sid`; the likeliest session first.
    pub(crate) ids: Vec<String>,
}

impl Ids {
    /// Those in all answers of a recording.
    pub(crate) fn of(exchanges: &[Exchange]) -> Self {
        let mut ids = Ids::default();
        for exchange in exchanges {
            for cookie in exchange.answer.fields.named("set-cookie") {
                if let Some((name, _)) = String::from_utf8_lossy(cookie).split_once('=') {
                    ids.cookies.insert(name.trim().to_owned());
                }
            }
            let makes = matches!(exchange.request.method.as_str(), "POST" | "PUT");
            let values = exchange.answer.fields.0.iter().map(|(_, value)| value.as_slice());
            for word in values.chain([exchange.answer.body.as_slice()]).flat_map(words) {
                if ids.given.len() < MOST {
                    ids.given.insert(word.to_vec());
                }
                if makes && ids.made.len() < MOST {
                    ids.made.insert(word.to_vec());
                }
            }
        }
        ids
    }

    /// Whether a request asks for something that an answer to a POST or PUT named.
    pub(crate) fn asks_for_what_was_made(&self, request: &Request) -> bool {
        words(request.target.as_bytes()).any(|word| self.made.contains(word))
    }

    /// The request without its client's ids; `None` where it carries none.
    pub(crate) fn strip(&self, request: &Request) -> Option<Stripped> {
        let mut ids = Vec::new();
        let mut stripped = request.clone();
        let mut cookies: Vec<String> = request.fields.named("cookie").flat_map(cookie_names).collect();
        cookies.sort_by_key(|name| (!self.cookies.contains(name), !is_session_cookie(name)));
        ids.extend(cookies.into_iter().map(|name| format!("cookie:{name}")));
        stripped.fields.0.retain(|(name, value)| {
            let is_id = name.eq_ignore_ascii_case("cookie") || self.is_header_id(name, value);
            if is_id && !name.eq_ignore_ascii_case("cookie") {
                ids.push(format!("header:{name}"));
            }
            !is_id
        });
        if !request.query().is_empty() {
            let given = |pair: &&str| {
                let value = pair.split_once('=').map_or("", |(_, value)| value);
                words(value.as_bytes()).any(|word| self.given.contains(word))
            };
            let (taken, kept): (Vec<&str>, Vec<&str>) = request.query().split('&').partition(given);
            ids.extend(taken.iter().map(|pair| format!("query:{}", pair.split('=').next().unwrap_or_default())));
            let query = kept.join("&");
            let mark = if query.is_empty() { "" } else { "?" };
            stripped.target = format!("{}{mark}{query}", request.path());
        }
        (!ids.is_empty()).then_some(Stripped { request: stripped, ids })
    }

    /// The request without one of its ids alone.
    pub(crate) fn without(request: &Request, id: &str) -> Request {
        let mut stripped = request.clone();
        let Some((place, name)) = id.split_once(':') else { return stripped };
        match place {
            "cookie" => without_cookie(&mut stripped.fields, name),
            "header" => stripped.fields.0.retain(|(field, _)| field != name),
            _ => {
                let kept: Vec<&str> =
                    request.query().split('&').filter(|pair| pair.split('=').next() != Some(name)).collect();
                let query = kept.join("&");
                let mark = if query.is_empty() { "" } else { "?" };
                stripped.target = format!("{}{mark}{query}", request.path());
            }
        }
        stripped
    }

    /// Whether a field is one that carries an id an answer gave: none that every client sends.
    fn is_header_id(&self, name: &str, value: &[u8]) -> bool {
        const COMMON: [&str; 8] =
            ["host", "user-agent", "accept", "origin", "referer", "content-type", "sec-websocket-key", "upgrade"];
        let name = name.to_ascii_lowercase();
        let is_common = COMMON.contains(&name.as_str()) || name.starts_with("accept-") || name.starts_with("sec-");
        !is_common && words(value).any(|word| self.given.contains(word))
    }
}

/// Words that may be ids: long enough, and with a digit or capitals among their letters.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')))
        .filter(|word| LENGTH.contains(&word.len()) && is_mixed(word))
}

fn is_mixed(word: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| word[1..].iter().any(kind);
    word.iter().any(u8::is_ascii_digit) || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

fn cookie_names(value: &[u8]) -> Vec<String> {
    let pairs = value.split(|b| *b == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| String::from_utf8_lossy(pair.split(|b| *b == b'=').next().unwrap_or_default()).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb_survive::{Answer, Fields};

    fn field(name: &str, value: &str) -> (String, Vec<u8>) {
        (name.to_owned(), value.as_bytes().to_vec())
    }

    #[test]
    fn a_request_is_stripped_of_cookies_and_of_what_answers_gave_and_keeps_all_else() {
        let answer = Answer {
            fields: Fields(vec![field("Set-Cookie", "sid=s3cr3t-one; Path=/"), field("Mcp-Session-Id", "mcp12345678")]),
            body: br#"{"token":"tok-123456","place":"/files/up98765432"}"#.to_vec(),
            ..Answer::default()
        };
        let request = Request { method: "POST".to_owned(), ..Request::default() };
        let ids = Ids::of(&[Exchange { request, answer, ..Exchange::default() }]);
        let request = Request {
            method: "GET".to_owned(),
            target: "/cart?page=2&t=tok-123456".to_owned(),
            fields: Fields(vec![
                field("Cookie", "theme=dark; sid=s3cr3t-one"),
                field("mcp-session-id", "mcp12345678"),
                field("Accept", "text/html"),
            ]),
            ..Request::default()
        };
        let stripped = ids.strip(&request).expect("it has ids");
        assert_eq!(stripped.ids, ["cookie:sid", "cookie:theme", "header:mcp-session-id", "query:t"]);
        assert_eq!((stripped.request.target.as_str(), stripped.request.fields.0.len()), ("/cart?page=2", 1));
        assert_eq!(Ids::without(&request, "cookie:sid").fields.text("cookie"), Some("theme=dark"));
        assert_eq!(Ids::without(&request, "header:mcp-session-id").fields.0.len(), 2);
        assert_eq!(Ids::without(&request, "query:t").target, "/cart?page=2");
        let upload = Request { target: "/files/up98765432".to_owned(), ..Request::default() };
        assert!(ids.asks_for_what_was_made(&upload) && ids.strip(&upload).is_none());
    }
}
