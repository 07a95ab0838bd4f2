//! The different requests of a recording that can be sent to each copy.

use std::collections::{HashMap, HashSet};
use std::time::Duration;
use stickylb_survive::{Exchange, Request, is_logout};

use super::exclude::Exclude;
use super::groups::group;

/// Fields with which a server answers less than the whole: what copies have is compared, not what a cache had.
const CONDITIONS: [&str; 6] =
    ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"];

/// A GET or HEAD, with how it was answered when it was recorded.
pub(crate) struct Distinct {
    /// The request, without conditions.
    pub(crate) request: Request,
    /// Its path with ids left out.
    pub(crate) group: String,
    /// The status it had when it was recorded last.
    pub(crate) status: u16,
    /// How long its client waited for its answer.
    pub(crate) waited: Duration,
}

/// The most requests of one method and group: a client that polls asks for something else each time.
const ALIKE: usize = 12;

/// The different GETs and HEADs: by method, target, cookies and authorization. Those that end a session come last. Of one
/// method and group there are twelve at most; how many more there were is told.
pub(crate) fn distinct(exchanges: &[Exchange], exclude: &Exclude) -> (Vec<Distinct>, usize) {
    let mut alike: HashMap<(String, String), usize> = HashMap::new();
    let mut more = HashSet::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut found: Vec<Distinct> = Vec::new();
    for exchange in exchanges {
        let request = &exchange.request;
        let can_be_sent = matches!(request.method.as_str(), "GET" | "HEAD") && request.whole;
        if !can_be_sent || exclude.has(request) {
            continue;
        }
        let values = |name| request.fields.named(name).map(<[u8]>::to_vec).collect::<Vec<_>>();
        let key = (request.method.clone(), request.target.clone(), values("cookie"), values("authorization"));
        if let Some(place) = places.get(&key) {
            found[*place].status = exchange.answer.status;
            continue;
        }
        let group = group(request.path());
        let count = alike.entry((request.method.clone(), group.clone())).or_default();
        *count += 1;
        if *count > ALIKE {
            more.insert(key);
            continue;
        }
        places.insert(key, found.len());
        let mut request = request.clone();
        request.fields.0.retain(|(name, _)| !CONDITIONS.iter().any(|one| name.eq_ignore_ascii_case(one)));
        let (status, waited) = (exchange.answer.status, exchange.waited);
        found.push(Distinct { request, group, status, waited });
    }
    // A stable sort: the others stay in their order.
    found.sort_by_key(|one| is_logout(one.request.path()));
    (found, more.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb_survive::{Answer, Fields};

    fn get(target: &str, cookie: &str) -> Exchange {
        let fields =
            vec![("Cookie".to_owned(), cookie.as_bytes().to_vec()), ("Range".to_owned(), b"bytes=0-1".to_vec())];
        let request = Request {
            method: "GET".to_owned(),
            target: target.to_owned(),
            fields: Fields(fields),
            body: Vec::new(),
            whole: true,
        };
        Exchange { request, answer: Answer { status: 200, ..Answer::default() }, ..Exchange::default() }
    }

    #[test]
    fn each_client_and_target_is_asked_for_once_and_whole_and_what_ends_a_session_last() {
        let exchanges = [get("/logout", "a=1"), get("/cart", "a=1"), get("/cart", "a=2"), get("/cart", "a=1")];
        let (found, _) = distinct(&exchanges, &Exclude::default());
        let targets: Vec<_> = found.iter().map(|one| one.request.target.as_str()).collect();
        assert_eq!(targets, ["/cart", "/cart", "/logout"]);
        assert!(found[0].request.fields.text("range").is_none());
    }

    #[test]
    fn of_a_client_that_polls_some_requests_are_enough() {
        let exchanges: Vec<_> = (0..30).map(|n| get(&format!("/poll?t={n}"), "a=1")).collect();
        let (found, more) = distinct(&exchanges, &Exclude::default());
        assert_eq!((found.len(), more), (ALIKE, 30 - ALIKE));
    }

    #[test]
    fn what_is_excluded_is_not_sent() {
        let exclude = Exclude::new(&["/cart".to_owned()]).expect("a pattern");
        assert!(distinct(&[get("/cart?x=1", "a=1")], &exclude).0.is_empty());
    }
}
