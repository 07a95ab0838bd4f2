//! Ids of protocols: where a request has one, and whether it worked elsewhere.

use std::collections::HashMap;
use std::time::Duration;

use super::found::{Found, Signature, given, said, worked};
use super::table::{Place, ROWS, Row};
use crate::{Exchange, Request};

/// Ids that are shorter could be a number or a word that others use too.
const SHORTEST: usize = 6;

/// One use of an id.
#[derive(Clone, Copy, Debug)]
struct Use {
    /// The exchange, by its place.
    at: usize,
    copy: usize,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Worked,
    /// As the row says.
    Refused,
    /// Something that tells nothing.
    Else,
}

/// The answers that a row of the table describes.
pub(super) fn signatures(exchanges: &[Exchange]) -> Vec<Found> {
    ROWS.iter().flat_map(|row| of_row(row, exchanges)).collect()
}

fn of_row(row: &Row, exchanges: &[Exchange]) -> Vec<Found> {
    let mut uses: HashMap<String, Vec<Use>> = HashMap::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        if let Some(copy) = exchange.copy
            && let Some(id) = id(row, &exchange.request)
        {
            uses.entry(id).or_default().push(Use { at, copy, outcome: outcome(row, exchange) });
        }
    }
    let mut found = Vec::new();
    for (id, uses) in &uses {
        for (place, one) in uses.iter().enumerate().filter(|(_, one)| one.outcome == Outcome::Refused) {
            if let Some(worked_at) = elsewhere(row, id, uses, place, exchanges) {
                let exchange = &exchanges[one.at];
                let signature = Signature {
                    at: one.at,
                    worked_at,
                    framework: row.framework,
                    words: format!("{} {}", exchange.answer.status, row.words),
                    times: 1,
                    learn: row.framework.learn().map(str::to_owned),
                };
                found.push((signature, exchange.request.path().replace(id.as_str(), "…")));
            }
        }
    }
    found
}

/// Where the id of a refused request worked on another copy.
fn elsewhere(row: &Row, id: &str, uses: &[Use], place: usize, exchanges: &[Exchange]) -> Option<usize> {
    let refused = uses[place];
    let same_path = |one: &Use| !row.says.is_empty() || path_of(exchanges, one.at) == path_of(exchanges, refused.at);
    let is_good = |one: &&Use| one.outcome == Outcome::Worked && same_path(one);
    let before = uses[..place].iter().rev().find(is_good).map(|one| (one.at, one.copy));
    let gave = || given(exchanges, uses[0].at, id).and_then(|place| Some((place, exchanges[place].copy?)));
    let before = before.or_else(gave);
    let after = uses[place + 1..].iter().find(is_good).map(|one| (one.at, one.copy));
    let Some((last, home)) = before else {
        // It was given before anything was watched.
        return after.filter(|(_, copy)| *copy != refused.copy).map(|(at, _)| at);
    };
    if home == refused.copy || uses.iter().any(|one| one.at < refused.at && ends(&exchanges[one.at])) {
        return None;
    }
    let refused_at_home = |one: &Use| one.copy == home && one.outcome == Outcome::Refused;
    if uses[..place].iter().any(|one| one.at > last && refused_at_home(one)) {
        return None;
    }
    let next_at_home = uses[place + 1..].iter().find(|one| one.copy == home && one.outcome != Outcome::Else);
    match next_at_home {
        Some(next) if next.outcome == Outcome::Worked => Some(last),
        // Where it was at home it is unknown as well.
        Some(_) => None,
        None => (since(exchanges, last, refused.at) <= row.lives).then_some(last),
    }
}

fn path_of(exchanges: &[Exchange], at: usize) -> &str {
    exchanges[at].request.path()
}

/// The time between two exchanges.
pub(super) fn since(exchanges: &[Exchange], first: usize, then: usize) -> Duration {
    exchanges[then].at.saturating_sub(exchanges[first].at)
}

/// Whether a request ends its session: MCP's and SignalR's DELETE, engine.io's packet "close" (1).
fn ends(exchange: &Exchange) -> bool {
    let Request { method, body, .. } = &exchange.request;
    method == "DELETE" || method == "POST" && (body == b"1" || body == b"1:1" || body.ends_with(b"\x1e1"))
}

fn outcome(row: &Row, exchange: &Exchange) -> Outcome {
    if row.statuses.contains(&exchange.answer.status) {
        let said = said(exchange);
        if row.says.is_empty() || row.says.iter().any(|text| said.contains(text)) {
            return Outcome::Refused;
        }
    }
    // A session that is being ended works for nobody afterwards.
    if worked(exchange) && !ends(exchange) { Outcome::Worked } else { Outcome::Else }
}

/// The id that a request carries, where it is one of the row's.
fn id(row: &Row, request: &Request) -> Option<String> {
    let target = request.target.to_ascii_lowercase();
    if !target.contains(row.target) || !row.but_not.is_empty() && target.contains(row.but_not) {
        return None;
    }
    let id = row.ids.iter().find_map(|place| at(*place, request))?;
    (SHORTEST..=1024).contains(&id.len()).then_some(id)
}

fn at(place: Place, request: &Request) -> Option<String> {
    let parts = || request.path().split('/').collect::<Vec<_>>();
    match place {
        Place::Query(name) => {
            let mut pairs = form_urlencoded::parse(request.query().as_bytes());
            pairs.find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
        }
        Place::Field(name) => request.fields.text(name).map(|value| value.trim().to_owned()),
        Place::Json(name) => {
            let json: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
            json.get(name)?.as_str().map(str::to_owned)
        }
        Place::Behind(named, slashes) => {
            let parts = parts();
            let named = parts.iter().position(|part| *part == named)?;
            parts.get(named + slashes).map(|part| (*part).to_owned())
        }
        Place::Before(last, slashes) => {
            let parts = parts();
            let named = parts.len() - 1;
            (named >= slashes && last.contains(&parts[named])).then(|| parts[named - slashes].to_owned())
        }
        Place::Last => parts().last().map(|part| (*part).to_owned()),
    }
}
