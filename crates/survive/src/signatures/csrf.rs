//! Tokens against cross-site request forgery: one copy gave a token, and another does not take it.

use super::cookies::Who;
use super::found::{Found, Framework, Signature, has, said, worked};
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

/// How long a token that was given is surely good.
const LIVES: Duration = Duration::from_mins(10);

/// How many earlier answers are searched for the one that gave a token.
const SEARCHED: usize = 1000;

/// Refused tokens that another copy gave or took, the client being the same by all its cookies.
pub(super) fn signatures(exchanges: &[Exchange]) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        let status = exchange.answer.status;
        if exchange.request.is_safe() || exchange.copy.is_none() || !matches!(status, 400 | 403 | 419 | 422) {
            continue;
        }
        let Some(token) = token(&exchange.request) else { continue };
        let text = said(exchange);
        let says = status == 419 || SAYS.iter().any(|one| text.contains(one));
        let Some(worked_at) = evidence(exchanges, at, &token, says) else { continue };
        let client = Who::of(&exchange.request);
        let signature = Signature {
            at,
            worked_at,
            framework: Framework::Csrf,
            words: format!("{status} CSRF token refused"),
            times: 1,
            learn: client.session().map(|cookie| format!("cookie:{cookie}")),
        };
        found.push((signature, exchange.request.path().to_owned()));
    }
    found
}

/// Where the token was good: the other copy takes the very same request afterwards, or takes the token before and after, or
/// gave it shortly before. An answer that speaks of no token could be about anything, and needs the first of these.
fn evidence(exchanges: &[Exchange], at: usize, token: &str, says: bool) -> Option<usize> {
    let refused = &exchanges[at];
    let client = Who::of(&refused.request);
    let is_same = |exchange: &Exchange| {
        let (one, other) = (&exchange.request, &refused.request);
        one.method == other.method && one.path() == other.path() && one.body == other.body && Who::of(one) == client
    };
    let later = || (at + 1..exchanges.len()).filter(|place| exchanges[*place].copy.is_some());
    if let Some(next) = later().find(|place| is_same(&exchanges[*place]))
        && exchanges[next].copy != refused.copy
    {
        return (takes(&exchanges[next]) && is_unchanged(exchanges, at, next, &client)).then_some(next);
    }
    if !says {
        return None;
    }
    let with_it = |place: &usize| {
        let request = &exchanges[*place].request;
        !request.is_safe() && Who::of(request) == client && self::token(request).as_deref() == Some(token)
    };
    let elsewhere = |place: &usize| exchanges[*place].copy.is_some_and(|copy| Some(copy) != refused.copy);
    let used = (0..at).rev().find(with_it);
    let gave = given(exchanges, at, token);
    if let Some(after) = later().find(|place| with_it(place) && elsewhere(place)) {
        let home = exchanges[after].copy;
        let before = used.filter(|place| takes(&exchanges[*place])).or(gave);
        return before.filter(|place| exchanges[*place].copy == home && takes(&exchanges[after]));
    }
    // One that was used may be used up.
    let gave = gave.filter(|gave| elsewhere(gave) && used.is_none())?;
    let giver = &exchanges[gave];
    let is_good = since(exchanges, gave, at) <= LIVES
        && Who::of(&giver.request).after(&giver.answer) == client
        && is_unchanged(exchanges, gave, at, &client);
    is_good.then_some(gave)
}

/// Whether a form was taken.
fn takes(exchange: &Exchange) -> bool {
    worked(exchange) || (300..400).contains(&exchange.answer.status) && login(&exchange.answer).is_none()
}

/// The last answer that gave a token, in its body, in a cookie or another field.
fn given(exchanges: &[Exchange], at: usize, token: &str) -> Option<usize> {
    let part = longest_word(token);
    let gives = |exchange: &Exchange| {
        worked(exchange)
            && (has(&exchange.answer.body, part) || exchange.answer.fields.0.iter().any(|(_, value)| has(value, part)))
    };
    (at.saturating_sub(SEARCHED)..at).rev().find(|place| gives(&exchanges[*place]))
}

/// Whether nothing between two exchanges could have given the client another token or session.
fn is_unchanged(exchanges: &[Exchange], from: usize, to: usize, client: &Who) -> bool {
    !exchanges[from + 1..to].iter().any(|exchange| {
        let other = Who::of(&exchange.request);
        !exchange.request.is_safe() && (other.shares(client) || other.is_nobody())
    })
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
