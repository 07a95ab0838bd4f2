//! Finds the backend that a word names.

use stickylb::api::{BackendId, BackendView, Snapshot};
use stickylb::untrusted::Untrusted;

/// The backend with this name, `pool/name` or id. Names win over ids, because people choose them.
///
/// # Errors
/// There is none; a sentence that lists those there are.
pub(crate) fn named<'s>(snapshot: &'s Snapshot, word: &str) -> Result<&'s BackendView, String> {
    let backends = &snapshot.backends;
    let whole = |b: &&BackendView| {
        word.split_once('/').is_some_and(|(pool, name)| b.pool == *pool && b.name.raw().eq_ignore_ascii_case(name))
    };
    let by_name = backends.iter().find(|b| b.name == *word);
    let loosely = || backends.iter().find(|b| b.name.raw().eq_ignore_ascii_case(word));
    let by_id = || word.parse::<BackendId>().ok().and_then(|id| backends.iter().find(|b| b.id == id));
    by_name.or_else(loosely).or_else(|| backends.iter().find(whole)).or_else(by_id).ok_or_else(|| none(snapshot, word))
}

fn none(snapshot: &Snapshot, word: &str) -> String {
    format!("there is no backend '{}': there is {}", Untrusted::new(word), all_names(snapshot))
}

/// The names and ids of all backends, or that there is none.
pub(super) fn all_names(snapshot: &Snapshot) -> String {
    let known: Vec<String> =
        snapshot.backends.iter().map(|b| format!("{} ({})", full_name(snapshot, b), b.id)).collect();
    if known.is_empty() { "none at all".to_owned() } else { known.join(", ") }
}

/// A backend's name as shown: `pool/name` where there are several pools.
pub(super) fn full_name(snapshot: &Snapshot, backend: &BackendView) -> String {
    match snapshot.pools.len() {
        0 | 1 => backend.name.to_string(),
        _ => format!("{}/{}", backend.pool, backend.name),
    }
}
