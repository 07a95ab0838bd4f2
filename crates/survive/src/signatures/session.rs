//! Sessions: one copy knows who a client is, and another wants it to log in.

use std::collections::HashMap;

use super::cookies::{Who, set};
use super::found::{Found, Framework, Signature, worked};
use super::login::login;
use crate::Exchange;

/// Answers that a session was unknown to, where the same client with the same cookies was known to another copy before
/// and after, and nothing in between could have ended or begun its session. That rules out a logout, a session that
/// expired, and a cookie that changed.
pub(super) fn signatures(exchanges: &[Exchange]) -> Vec<Found> {
    let who: Vec<Who> = exchanges.iter().map(|exchange| Who::of(&exchange.request)).collect();
    // The requests for one thing by one client.
    let mut same: HashMap<(&str, &str, &Who), Vec<usize>> = HashMap::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        if exchange.copy.is_some() && !who[at].is_nobody() {
            let request = &exchange.request;
            same.entry((request.method.as_str(), request.target.as_str(), &who[at])).or_default().push(at);
        }
    }
    let mut found = Vec::new();
    for ((_, _, client), all) in &same {
        for (place, at) in all.iter().enumerate() {
            let exchange = &exchanges[*at];
            let Some(words) = lost(exchange) else { continue };
            let known = |other: &&usize| worked(&exchanges[**other]) && exchanges[**other].copy != exchange.copy;
            let Some(after) = all[place + 1..].iter().find(known) else { continue };
            let home = exchanges[*after].copy;
            let at_home = |other: &&usize| exchanges[**other].copy == home;
            let before = all[..place].iter().rev().find(|other| known(other) && at_home(other)).copied();
            let before = before.or_else(|| began(exchanges, *at, home, client));
            if let Some(before) = before
                && !all.iter().any(|other| {
                    (before..*after).contains(other) && at_home(&other) && lost(&exchanges[*other]).is_some()
                })
                && !(before + 1..*after).any(|one| one != *at && client.may_change_by(&exchanges[one], &who[one]))
            {
                let signature = Signature {
                    at: *at,
                    worked_at: before,
                    framework: Framework::Session,
                    words,
                    times: 1,
                    learn: client.session().map(|cookie| format!("cookie:{cookie}")),
                };
                found.push((signature, exchange.request.path().to_owned()));
            }
        }
    }
    found
}

/// How an answer says that the session is unknown.
fn lost(exchange: &Exchange) -> Option<String> {
    let answer = &exchange.answer;
    match login(answer) {
        Some(path) => Some(format!("session lost ({} {path})", answer.status)),
        None => (answer.status == 401).then(|| "session lost (401)".to_owned()),
    }
}

/// The answer of the home copy that gave the client a cookie which it has.
fn began(exchanges: &[Exchange], at: usize, home: Option<usize>, client: &Who) -> Option<usize> {
    let earlier = exchanges[..at].iter().enumerate().rev();
    earlier.filter(|(_, exchange)| exchange.copy == home).find_map(|(place, exchange)| {
        let gives = set(&exchange.answer).iter().any(|(name, value)| client.has(name, value));
        gives.then_some(place)
    })
}
