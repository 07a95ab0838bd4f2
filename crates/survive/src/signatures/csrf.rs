//! Tokens against cross-site request forgery: one copy gave a token, and another does not take it.

use super::cookies::{Who, set};
use super::found::{Found, Framework, Signature, given, said, worked};
use super::ids::since;
use super::login::login;
use crate::{Exchange, Request};
use std::time::Duration;

/// Names of tokens in forms and in JSON, in small letters.
const NAMES: [&str; 12] = [
    "_csrf",
    "csrf",
    "csrf_token",
    "csrf-token",
    "csrftoken",
    "_csrf_token",
    "csrfmiddlewaretoken",
    "authenticity_token",
    "__requestverificationtoken",
    "_token",
    "_xsrf",
    "xsrf",
];

/// Names of fields with tokens.
const FIELDS: [&str; 7] =
    ["x-csrf-token", "x-xsrf-token", "x-csrftoken", "csrf-token", "xsrf-token", "requestverificationtoken", "x-csrf"];

/// What the answers say, in small letters: express with csurf and csrf-csrf, Fastify, koa, Django ("CSRF verification
/// failed"), Rails ("InvalidAuthenticityToken"), Laravel ("CSRF token mismatch", "Page Expired"), Flask-WTF ("The CSRF
/// tokens do not match"), Tornado ("XSRF cookie does not match"), ASP.NET ("antiforgery"), gorilla, Spring ("Invalid CSRF
/// Token").
const SAYS: [&str; 7] =
    ["csrf", "xsrf", "authenticitytoken", "authenticity token", "antiforgery", "forgery", "page expired"];

/// How long a token that was given is surely good, and the session that it is of.
const LIVES: Duration = Duration::from_mins(1);

/// What was watched, each request with the client's own and the token that it carries where it is no safe one.
struct Watched<'e> {
    exchanges: &'e [Exchange],
    who: Vec<Who>,
    tokens: Vec<Option<String>>,
}

/// Refused tokens that another copy gave or took, the client being the same by all its cookies.
pub(super) fn signatures(exchanges: &[Exchange]) -> Vec<Found> {
    let who = exchanges.iter().map(|exchange| Who::of(&exchange.request)).collect();
    let of = |exchange: &Exchange| if exchange.request.is_safe() { None } else { token(&exchange.request) };
    let watched = Watched { exchanges, who, tokens: exchanges.iter().map(of).collect() };
    let mut found = Vec::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        let status = exchange.answer.status;
        let Some(token) = &watched.tokens[at] else { continue };
        if exchange.copy.is_none() || !matches!(status, 400 | 403 | 419 | 422) {
            continue;
        }
        let text = said(exchange);
        let says = status == 419 || SAYS.iter().any(|one| text.contains(one));
        if !says && !is_silent(status, &text) {
            continue;
        }
        let Some(worked_at) = watched.evidence(at, token, says) else { continue };
        let signature = Signature {
            at,
            worked_at,
            framework: Framework::Csrf,
            words: format!("{status} CSRF token refused"),
            times: 1,
            learn: watched.who[at].session().map(|cookie| format!("cookie:{cookie}")),
        };
        found.push((signature, exchange.request.path().to_owned()));
    }
    found
}

impl Watched<'_> {
    /// Where the token was good: the other copy takes the very same request afterwards, or takes the token before and
    /// after, or gave it shortly before. An answer that says nothing needs the first of these.
    fn evidence(&self, at: usize, token: &str, says: bool) -> Option<usize> {
        let (exchanges, client) = (self.exchanges, &self.who[at]);
        let refused = &exchanges[at];
        let is_same = |place: &usize| {
            let (one, other) = (&exchanges[*place].request, &refused.request);
            one.method == other.method
                && one.path() == other.path()
                && one.body == other.body
                && self.who[*place] == *client
        };
        let later = || (at + 1..exchanges.len()).filter(|place| exchanges[*place].copy.is_some());
        if let Some(next) = later().find(is_same)
            && exchanges[next].copy != refused.copy
        {
            return (takes(&exchanges[next]) && self.is_unchanged(at, next, client)).then_some(next);
        }
        if !says {
            return None;
        }
        let with_it = |place: &usize| self.tokens[*place].as_deref() == Some(token) && self.who[*place] == *client;
        let elsewhere = |place: &usize| exchanges[*place].copy.is_some_and(|copy| Some(copy) != refused.copy);
        let used = (0..at).rev().find(with_it);
        let gave = given(exchanges, at, longest_word(token));
        if let Some(after) = later().find(|place| with_it(place) && elsewhere(place)) {
            let home = exchanges[after].copy;
            let before = used.filter(|place| takes(&exchanges[*place])).or(gave);
            return before.filter(|place| exchanges[*place].copy == home && takes(&exchanges[after]));
        }
        // One that was used may be used up.
        let gave = gave.filter(|gave| elsewhere(gave) && used.is_none())?;
        let is_good = since(exchanges, gave, at) <= LIVES
            && self.who[gave].clone().after(&exchanges[gave].answer) == *client
            && self.is_unchanged(gave, at, client)
            && !(gave + 1..at).any(|place| renews(&exchanges[place]) && !self.is_other(place, client));
        is_good.then_some(gave)
    }

    /// Whether a request is surely another client's.
    fn is_other(&self, place: usize, client: &Who) -> bool {
        !self.who[place].shares(client) && !self.who[place].is_nobody()
    }

    /// Whether nothing between two exchanges could have given the client another token or session.
    fn is_unchanged(&self, from: usize, to: usize, client: &Who) -> bool {
        !(from + 1..to).any(|place| client.may_change_by(&self.exchanges[place], &self.who[place]))
    }
}

/// Whether a refusal says nothing of its reason, as ASP.NET's 400 and Spring's 403 do.
fn is_silent(status: u16, text: &str) -> bool {
    let is_short = text.is_empty() || matches!(text.trim(), "forbidden" | "bad request");
    matches!(status, 400 | 403) && (is_short || text.starts_with('{') && text.contains("\"error\":\"forbidden\""))
}

/// Whether an answer gives a token, after which an earlier one may be good no more.
fn renews(exchange: &Exchange) -> bool {
    const SIGNS: [&str; 5] = ["csrf", "xsrf", "authenticity_token", "__requestverificationtoken", "_token"];
    let body = String::from_utf8_lossy(&exchange.answer.body).to_ascii_lowercase();
    let cookies = set(&exchange.answer).into_iter().map(|(name, _)| name.to_ascii_lowercase());
    worked(exchange) && std::iter::once(body).chain(cookies).any(|text| SIGNS.iter().any(|sign| text.contains(sign)))
}

/// Whether a form was taken.
fn takes(exchange: &Exchange) -> bool {
    worked(exchange) || (300..400).contains(&exchange.answer.status) && login(&exchange.answer).is_none()
}

/// The longest part of a token that no page writes otherwise: some write `+` and `=` as `&#43;` and `&#x3D;`, cookies as
/// `%2B`.
fn longest_word(token: &str) -> &str {
    let words = token.split(|c: char| !c.is_ascii_alphanumeric());
    words.max_by_key(|word| word.len()).filter(|word| word.len() >= 8).unwrap_or(token)
}

/// The token that a request carries: at least eight characters.
fn token(request: &Request) -> Option<String> {
    let field = FIELDS.iter().find_map(|name| request.fields.text(name)).map(|value| value.trim().to_owned());
    let found = field.or_else(|| in_body(request)).or_else(|| in_pairs(request.query().as_bytes()))?;
    (8..=4096).contains(&found.len()).then_some(found)
}

fn in_pairs(text: &[u8]) -> Option<String> {
    let mut pairs = form_urlencoded::parse(text);
    pairs.find(|(name, _)| NAMES.contains(&name.to_ascii_lowercase().as_str())).map(|(_, value)| value.into_owned())
}

fn in_body(request: &Request) -> Option<String> {
    let kind = request.fields.text("content-type").unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return in_pairs(&request.body);
    }
    if kind.contains("json") {
        let json: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
        let object = json.as_object()?;
        let named = object.iter().find(|(name, _)| NAMES.contains(&name.to_ascii_lowercase().as_str()));
        return named?.1.as_str().map(str::to_owned);
    }
    if kind.starts_with("multipart/form-data") {
        return in_multipart(&String::from_utf8_lossy(&request.body));
    }
    None
}

/// The value of a part with a token's name.
fn in_multipart(body: &str) -> Option<String> {
    body.match_indices("name=\"").find_map(|(at, found)| {
        let (name, rest) = body[at + found.len()..].split_once('"')?;
        let (_, value) = rest.split_once("\r\n\r\n")?;
        let is_token = NAMES.contains(&name.to_ascii_lowercase().as_str());
        is_token.then(|| value.split("\r\n").next().unwrap_or_default().to_owned())
    })
}
