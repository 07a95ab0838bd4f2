//! The clients of the flow: who they are, as far as anything tells them apart, and where each is.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use stickylb::api::{BackendId, CookieAction, RequestEvent, StickyKey};

/// Clients kept; the one seen least recently is dropped.
const MOST: usize = 500;

/// A client that was not seen for so long is not shown.
const SEEN: Duration = Duration::from_mins(1);

/// How long a client that moved shows where it came from.
pub(crate) const MOVED: Duration = Duration::from_secs(5);

/// What tells a client from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    /// A client of the balancer's own traffic, by its number.
    Traffic(u32),
    /// A sticky key: header, query parameter or learned id, with its name.
    Key(String, String),
    /// All clients of one address with one cookie: it holds the backend's id, so that nothing tells them apart.
    Cookie(IpAddr, BackendId),
    /// All other clients of one address.
    Address(IpAddr),
}

/// A client's short name: `u7` for a client of the balancer's own traffic, `c1`, `c2` for others in the order in which they
/// are first seen. It is made here, so that no text of a request is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Traffic(u32),
    Other(u32),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Traffic(number) => write!(f, "u{number}"),
            Name::Other(number) => write!(f, "c{number}"),
        }
    }
}

/// A client, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) name: Name,
    /// The backend that answered it last.
    pub(crate) at: BackendId,
    /// Whether anything binds it to that backend.
    pub(crate) is_bound: bool,
    last: SystemTime,
    moved: Option<(BackendId, SystemTime)>,
}

impl Token {
    /// Where it came from, if it moved lately.
    pub(crate) fn came_from(&self, moment: SystemTime) -> Option<BackendId> {
        let (from, when) = self.moved?;
        lately(when, moment, MOVED).then_some(from)
    }
}

/// Whether this was less than so long before the moment, or after it.
fn lately(when: SystemTime, moment: SystemTime, within: Duration) -> bool {
    moment.duration_since(when).map_or(true, |since| since < within)
}

/// The clients seen lately.
#[derive(Default)]
pub(crate) struct Clients {
    tokens: HashMap<Who, Token>,
    /// How many have a name of the second kind.
    named: u32,
    /// When a client moved last.
    moved: Option<SystemTime>,
}

impl Clients {
    /// A backend answered a request at this time.
    pub(crate) fn answered(&mut self, request: &RequestEvent, by: BackendId, time: SystemTime) {
        let decision = &request.decision;
        let mut who = who(request, by);
        let mut before = None;
        if let (Who::Cookie(ip, _), CookieAction::Rewritten) = (&who, decision.cookie) {
            // From now on it comes with the new cookie.
            let now = Who::Cookie(*ip, by);
            before = self.tokens.remove(&who);
            who = now;
        }
        let is_bound = decision.key.is_some() || decision.cookie != CookieAction::None;
        let known = self.tokens.remove(&who);
        let left = before.as_ref().or(known.as_ref()).filter(|token| token.at != by && token.is_bound && is_bound);
        let left = left.map(|token| (token.at, time));
        self.moved = left.map(|(_, when)| when).or(self.moved);
        let (name, moved) = match known.or(before) {
            Some(token) => (token.name, left.or(token.moved)),
            None => (self.name(&who), left),
        };
        self.make_room();
        self.tokens.insert(who, Token { name, at: by, is_bound, last: time, moved });
    }

    fn name(&mut self, who: &Who) -> Name {
        if let Who::Traffic(number) = who {
            return Name::Traffic(*number);
        }
        self.named += 1;
        Name::Other(self.named)
    }

    fn make_room(&mut self) {
        if self.tokens.len() < MOST {
            return;
        }
        let oldest = self.tokens.iter().min_by_key(|(_, token)| token.last).map(|(who, _)| who.clone());
        if let Some(oldest) = oldest {
            self.tokens.remove(&oldest);
        }
    }

    /// The clients at a backend: those that moved there lately first, then by their names.
    pub(crate) fn at(&self, backend: BackendId, moment: SystemTime) -> Vec<&Token> {
        let here = |token: &&Token| token.at == backend && lately(token.last, moment, SEEN);
        let mut tokens: Vec<&Token> = self.tokens.values().filter(here).collect();
        tokens.sort_by_key(|token| (token.came_from(moment).is_none(), token.name));
        tokens
    }

    /// How many clients are shown at this moment.
    pub(crate) fn seen(&self, moment: SystemTime) -> usize {
        self.tokens.values().filter(|token| lately(token.last, moment, SEEN)).count()
    }

    /// Whether any client moved so lately that it shows where it came from.
    pub(crate) fn any_moved(&self, moment: SystemTime) -> bool {
        self.moved.is_some_and(|when| lately(when, moment, MOVED))
    }
}

fn who(request: &RequestEvent, by: BackendId) -> Who {
    let decision = &request.decision;
    if let Some(number) = decision.traffic {
        return Who::Traffic(number);
    }
    match &decision.key {
        Some(
            StickyKey::Header { name, value: Some(value) }
            | StickyKey::Query { name, value: Some(value) }
            | StickyKey::Learned { from: name, id: value, .. },
        ) => Who::Key(name.raw().to_string(), value.raw().to_string()),
        Some(StickyKey::Cookie { id, .. }) => Who::Cookie(request.ip, *id),
        _ if decision.cookie == CookieAction::New => Who::Cookie(request.ip, by),
        _ => Who::Address(request.ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb::api::{Decision, Strategy};

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn request(change: impl FnOnce(&mut Decision)) -> RequestEvent {
        let mut decision = Decision::new(Strategy::RoundRobin);
        change(&mut decision);
        RequestEvent::sample(decision)
    }

    fn cookie(id: u32) -> StickyKey {
        StickyKey::Cookie { name: "X".into(), id: id.into() }
    }

    fn shown(clients: &Clients, backend: u32, second: u64) -> Vec<String> {
        let shown = |token: &&Token| match token.came_from(at(second)) {
            Some(from) => format!("{from}>{}", token.name),
            None => token.name.to_string(),
        };
        clients.at(backend.into(), at(second)).iter().map(shown).collect()
    }

    #[test]
    fn a_client_of_our_own_traffic_moves_with_its_session_and_says_so_for_a_while() {
        let mut clients = Clients::default();
        let bound = |number, id| {
            request(|decision| {
                decision.traffic = Some(number);
                decision.key = Some(cookie(id));
            })
        };
        for number in [7, 10, 2] {
            clients.answered(&bound(number, 1), 1.into(), at(0));
        }
        clients.answered(&bound(7, 1), 2.into(), at(3));
        assert_eq!(shown(&clients, 1, 4), ["u2", "u10"]);
        assert_eq!(shown(&clients, 2, 4), ["1>u7"]);
        assert!(clients.any_moved(at(7)) && !clients.any_moved(at(8)));
        assert_eq!(shown(&clients, 2, 8), ["u7"]);
        assert!(shown(&clients, 1, 60).is_empty(), "not seen for a minute");
    }

    #[test]
    fn clients_of_one_address_are_told_apart_by_their_cookies() {
        let mut clients = Clients::default();
        clients.answered(&request(|decision| decision.cookie = CookieAction::New), 1.into(), at(0));
        clients.answered(&request(|decision| decision.key = Some(cookie(2))), 2.into(), at(0));
        clients.answered(&request(|decision| decision.key = Some(cookie(1))), 1.into(), at(1));
        assert_eq!([shown(&clients, 1, 1), shown(&clients, 2, 1)], [["c1"], ["c2"]]);
        let moves = |decision: &mut Decision| {
            decision.key = Some(cookie(2));
            decision.cookie = CookieAction::Rewritten;
        };
        clients.answered(&request(moves), 3.into(), at(2));
        assert_eq!(shown(&clients, 3, 2), ["2>c2"]);
        assert!(shown(&clients, 2, 2).is_empty());
    }

    #[test]
    fn a_client_that_nothing_binds_goes_anywhere_without_a_move() {
        let mut clients = Clients::default();
        for backend in [1, 2, 3] {
            clients.answered(&request(|_| {}), backend.into(), at(0));
        }
        assert_eq!(shown(&clients, 3, 0), ["c1"]);
        assert!(!clients.any_moved(at(0)) && !clients.at(3.into(), at(0))[0].is_bound);
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut clients = Clients::default();
        for number in 0..2 * MOST {
            let number = u32::try_from(number).expect("few");
            clients.answered(&request(|decision| decision.traffic = Some(number)), 1.into(), at(u64::from(number)));
        }
        assert_eq!(clients.tokens.len(), MOST);
        assert!(clients.tokens.contains_key(&Who::Traffic(999)));
    }
}
