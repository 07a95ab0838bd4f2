//! Whose requests they are.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::class::shape;
use super::cookies;
use super::limits::SHORTEST;
use super::{runs, slot};
use crate::Exchange;

/// Groups of exchanges of which each is of one client, by their places; each group, and the groups, in the order of time.
///
/// What came on one connection is of one client, and so is what carries the same cookie or credentials, or an id that answers
/// to one client alone gave. Several clients behind one connection are taken for one, which harms nothing: ids are told apart by
/// their values.
pub(super) fn clients(exchanges: &[Exchange]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..exchanges.len()).collect();
    order.sort_by_key(|at| (exchanges[*at].at, *at));
    let mut groups = Groups::new(exchanges.len());
    // A HAR file is what one browser did.
    if exchanges.iter().all(|exchange| exchange.copy.is_none()) {
        (1..exchanges.len()).for_each(|at| groups.join(0, at));
    } else {
        by_connection(exchanges, &mut groups);
        by_cookie(exchanges, &order, &mut groups);
        by_id(exchanges, &order, &mut groups);
    }
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for at in order {
        let place = *places.entry(groups.of(at)).or_insert_with(|| {
            found.push(Vec::new());
            found.len() - 1
        });
        found[place].push(at);
    }
    found
}

/// Disjoint sets.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Groups((0..count).collect())
    }

    fn of(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        self.0[one.max(other)] = one.min(other);
    }
}

fn by_connection(exchanges: &[Exchange], groups: &mut Groups) {
    let mut first: HashMap<u64, usize> = HashMap::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        let one = *first.entry(exchange.connection).or_insert(at);
        groups.join(one, at);
    }
}

fn hashed(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Joins what carries or sets the same cookie, or carries the same credentials.
fn by_cookie(exchanges: &[Exchange], order: &[usize], groups: &mut Groups) {
    // A value that was given twice to clients who had it not, such as a language, tells no client.
    let mut given: HashMap<u64, usize> = HashMap::new();
    let mut shared: HashSet<u64> = HashSet::new();
    let of = |exchange: &Exchange| -> Vec<u64> {
        let carried = cookies::carried(&exchange.request);
        let carried = carried.iter().filter(|one| one.value.len() >= SHORTEST).map(|one| hashed((one.name, one.value)));
        let credentials = exchange.request.fields.named("authorization").map(|value| hashed(("authorization", value)));
        carried.chain(credentials).collect()
    };
    let carried: Vec<Vec<u64>> = exchanges.iter().map(of).collect();
    for at in order {
        for set in cookies::set(&exchanges[*at].answer).filter(|set| !set.deleted && set.value.len() >= SHORTEST) {
            let value = hashed((set.name, set.value));
            if !carried[*at].contains(&value) && given.insert(value, *at).is_some() {
                shared.insert(value);
            }
        }
    }
    given.retain(|value, _| !shared.contains(value));
    let mut first = given;
    for at in order {
        for value in carried[*at].iter().filter(|value| !shared.contains(value)) {
            let one = *first.entry(*value).or_insert(*at);
            groups.join(one, *at);
        }
    }
}

/// More answers that give an id need not be known.
const GIVERS: usize = 4;

/// Joins what carries an id with what gave it, where answers to one client alone did.
fn by_id(exchanges: &[Exchange], order: &[usize], groups: &mut Groups) {
    let carried: Vec<Vec<u64>> = exchanges
        .iter()
        .map(|exchange| {
            let carried = slot::carried(&exchange.request, SHORTEST);
            let runs = carried.iter().filter_map(|one| runs::longest(&one.value));
            runs.filter(|(length, _)| *length >= SHORTEST).map(|(_, hash)| hash).collect()
        })
        .collect();
    let wanted: HashSet<u64> = carried.iter().flatten().copied().collect();
    let mut given: HashMap<u64, Vec<usize>> = HashMap::new();
    for at in order {
        for value in &carried[*at] {
            let Some(givers) = given.get(value) else { continue };
            let client = groups.of(givers[0]);
            if givers.iter().all(|giver| groups.of(*giver) == client) {
                groups.join(client, *at);
            }
        }
        runs::of_answer(&exchanges[*at].answer, |value| {
            if wanted.contains(&value) && !carried[*at].contains(&value) {
                let givers = given.entry(value).or_default();
                if givers.len() < GIVERS && givers.last() != Some(at) {
                    givers.push(*at);
                }
            }
        });
    }
}

/// The methods, path shapes and outcomes of a client's requests: clients with the same did the same.
pub(super) fn did(exchanges: &[Exchange], client: &[usize]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for at in client {
        let exchange = &exchanges[*at];
        (&exchange.request.method, shape(&exchange.request.target), exchange.answer.status / 100).hash(&mut hasher);
    }
    hasher.finish()
}

/// Leaves out what a client asked for again and again, such as polls: the first few of a kind tell as much.
pub(super) fn thin_out(exchanges: &[Exchange], client: &mut Vec<usize>) {
    const FEW: usize = 4;
    let mut seen: HashMap<(&str, String), usize> = HashMap::new();
    client.retain(|at| {
        let request = &exchanges[*at].request;
        let count = seen.entry((&request.method, shape(&request.target))).or_default();
        *count += 1;
        !request.is_safe() || *count <= FEW
    });
}
