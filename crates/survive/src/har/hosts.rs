//! Which of the hosts in a file is the app.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::time::Duration;

use super::address::is_local;
use super::convert::Converted;
use crate::{End, Exchange};

/// The most memory that requests and answers take, in bytes. Beyond it, bodies are left out.
const ROOM: usize = 96 << 20;

/// The most hosts that are counted one by one.
const HOSTS: usize = 1000;

/// The requests to one host that may be the app.
#[derive(Debug)]
struct Candidate {
    authority: String,
    exchanges: Vec<(Option<i64>, Exchange)>,
    /// Requests before it was seen that it may be the app.
    before: usize,
    /// Requests beyond the most that are kept, and those for which no room was left.
    beyond: usize,
    cramped: usize,
}

/// Sorts requests by host as they come. At most four hosts can turn out to be the app, and only their requests are kept:
/// the first on this machine that has a page, the first that has one, the first on this machine, and the first at all.
#[derive(Debug)]
pub(super) struct Hosts {
    most: usize,
    candidates: Vec<Candidate>,
    first: [Option<usize>; 4],
    others: BTreeMap<String, usize>,
    beyond_others: usize,
    used: usize,
}

/// The app among the hosts.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) authority: String,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) before: usize,
    pub(super) beyond: usize,
    pub(super) cramped: usize,
    /// The other hosts, the most asked ones first.
    pub(super) others: Vec<(String, usize)>,
}

impl Hosts {
    pub(super) fn new(most: usize) -> Self {
        Hosts { most, candidates: Vec::new(), first: [None; 4], others: BTreeMap::new(), beyond_others: 0, used: 0 }
    }

    /// The next request of the file.
    pub(super) fn take(&mut self, converted: Converted) {
        let Converted { authority, exchange, document, began } = converted;
        let local = is_local(&authority);
        let is_first = [local && document, document, local, true];
        let known = self.candidates.iter().position(|candidate| candidate.authority == authority);
        let wanted = is_first.iter().zip(&self.first).any(|(is_it, first)| *is_it && first.is_none());
        let at = match known {
            Some(at) => at,
            None if wanted => {
                let before = self.others.remove(&authority).unwrap_or_default();
                self.candidates.push(Candidate { authority, exchanges: Vec::new(), before, beyond: 0, cramped: 0 });
                self.candidates.len() - 1
            }
            None => {
                if self.others.len() < HOSTS || self.others.contains_key(&authority) {
                    *self.others.entry(authority).or_default() += 1;
                } else {
                    self.beyond_others += 1;
                }
                return;
            }
        };
        for (first, is_it) in self.first.iter_mut().zip(is_first) {
            if is_it {
                first.get_or_insert(at);
            }
        }
        self.keep(at, exchange, began);
    }

    fn keep(&mut self, at: usize, mut exchange: Exchange, began: Option<i64>) {
        let candidate = &mut self.candidates[at];
        if candidate.exchanges.len() >= self.most {
            candidate.beyond += 1;
            return;
        }
        if self.used + size(&exchange) > ROOM {
            exchange.request.whole &= exchange.request.body.is_empty();
            exchange.request.body = Vec::new();
            if !exchange.answer.body.is_empty() {
                exchange.answer.body = Vec::new();
                exchange.answer.end = End::Longer;
            }
            candidate.cramped += 1;
            // Heads alone have as much room again.
            if self.used + size(&exchange) > 2 * ROOM {
                candidate.beyond += 1;
                return;
            }
        }
        self.used += size(&exchange);
        candidate.exchanges.push((began, exchange));
    }

    /// The app: a page on this machine, else the first page's host unless more requests went to this machine, else
    /// the first.
    pub(super) fn found(mut self) -> Option<Found> {
        let requests = |at: usize| self.candidates[at].exchanges.len();
        let [local_page, page, local, first] = self.first;
        let more_local = local.filter(|local| page.is_none_or(|page| requests(*local) > requests(page)));
        let app = local_page.or(more_local).or(page).or(first)?;
        let app = self.candidates.swap_remove(app);
        let mut others: Vec<(String, usize)> = self.others.into_iter().collect();
        others.extend(
            self.candidates.into_iter().map(|one| (one.authority, one.exchanges.len() + one.before + one.beyond)),
        );
        others.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if self.beyond_others > 0 {
            others.push((format!("others beyond {HOSTS} hosts"), self.beyond_others));
        }
        let exchanges = in_order(app.exchanges);
        Some(Found {
            authority: app.authority,
            exchanges,
            before: app.before,
            beyond: app.beyond,
            cramped: app.cramped,
            others,
        })
    }
}

/// Sorted by when their answers began, and told since the first did. Where no time is said, it is that of the one before.
fn in_order(mut exchanges: Vec<(Option<i64>, Exchange)>) -> Vec<Exchange> {
    let mut last = exchanges.iter().find_map(|(began, _)| *began).unwrap_or_default();
    for (began, _) in &mut exchanges {
        last = *began.get_or_insert(last);
    }
    let answered = |(began, exchange): &(Option<i64>, Exchange)| {
        let waited = i64::try_from(exchange.waited.as_millis()).unwrap_or_default();
        began.unwrap_or_default().saturating_add(waited)
    };
    exchanges.sort_by_key(answered);
    let start = exchanges.first().map(answered).unwrap_or_default();
    let since = |one: &(Option<i64>, Exchange)| {
        let millis = answered(one).saturating_sub(start);
        Duration::from_millis(u64::try_from(millis).unwrap_or_default())
    };
    exchanges.into_iter().map(|one| Exchange { at: since(&one), ..one.1 }).collect()
}

/// About how much memory it takes.
fn size(exchange: &Exchange) -> usize {
    let fields = exchange.request.fields.0.iter().chain(&exchange.answer.fields.0);
    let heads: usize = fields.map(|(name, value)| name.len() + value.len() + size_of::<(String, Vec<u8>)>()).sum();
    size_of::<Exchange>()
        + heads
        + exchange.request.target.len()
        + exchange.request.body.len()
        + exchange.answer.body.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Request};

    #[test]
    fn bodies_have_bounded_room_and_are_said_to_be_longer_beyond_it() {
        let mut hosts = Hosts::new(usize::MAX);
        let requests = 2 * ROOM / (64 * 1024);
        for _ in 0..requests {
            let answer = Answer { status: 200, body: vec![b'a'; 64 * 1024], ..Answer::default() };
            let request =
                Request { method: "GET".to_owned(), target: "/".to_owned(), whole: true, ..Request::default() };
            let exchange = Exchange { request, answer, ..Exchange::default() };
            hosts.take(Converted { authority: "localhost".to_owned(), exchange, document: true, began: None });
        }
        assert!(hosts.used <= 2 * ROOM, "{} bytes", hosts.used);
        let found = hosts.found().expect("the app");
        let kept: usize = found.exchanges.iter().map(|exchange| exchange.answer.body.len()).sum();
        assert_eq!((found.exchanges.len(), found.beyond), (requests, 0));
        assert!(kept <= ROOM && kept > ROOM / 2, "{kept} bytes");
        let longer = found.exchanges.iter().filter(|exchange| exchange.answer.end == End::Longer).count();
        assert_eq!(longer, found.cramped);
    }
}
