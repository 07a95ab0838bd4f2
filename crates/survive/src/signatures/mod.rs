//! What well-known frameworks answer where an id is another copy's, found in traffic that was watched.
//!
//! An answer alone tells nothing: a session may have expired, a token be wrong, a client have logged out. So it is told only
//! where the very same id worked on another copy, which is said with it: there it was given or taken shortly before, or it
//! is taken again afterwards; it was not ended by its client; and that copy does not refuse it as well. `table.rs` has a row
//! for each protocol with an id; forms and sessions have no text that is always the same, and a file each.

mod cookies;
mod csrf;
mod found;
mod ids;
mod login;
mod session;
mod streams;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use crate::Exchange;

pub use found::{Framework, Signature};

/// Finds them in exchanges in their order, of which the copy is known. The first of each kind at each path is told, with
/// the number of all.
pub fn signatures(exchanges: &[Exchange]) -> Vec<Signature> {
    let mut found = ids::signatures(exchanges);
    found.extend(streams::signatures(exchanges));
    found.extend(csrf::signatures(exchanges));
    found.extend(session::signatures(exchanges));
    // Stable, so that of two rows for one answer the first stays before.
    found.sort_by_key(|one| one.0.at);
    let mut answers = BTreeSet::new();
    let mut kinds: BTreeMap<(Framework, &str, String), usize> = BTreeMap::new();
    let mut told: Vec<Signature> = Vec::new();
    for (signature, path) in found {
        // One answer is one thing: the first row that knows it says what.
        if !answers.insert(signature.at) {
            continue;
        }
        let method = exchanges[signature.at].request.method.as_str();
        let first = *kinds.entry((signature.framework, method, path)).or_insert(told.len());
        match told.get_mut(first) {
            Some(first) => first.times += 1,
            None => told.push(signature),
        }
    }
    told
}

#[cfg(test)]
mod tests;
