//! What the comparison of answers tells, in words that may be shown.

use super::found::Found;
use super::tokens::{is_random, is_uuid, tokens};
use crate::mask::{is_secret, mask, shorten};

/// How many characters are shown of what values begin with alike, where they differ further on.
const LEAD: usize = 24;

/// One place in an answer where copies differ, or that tells a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `status`, `header Location`, `/items/0/price`, `html > body > p`.
    pub place: String,
    /// What each copy has there, in the order of the copies; empty where it has nothing. At most 80 characters, and secrets are
    /// masked.
    pub values: Vec<String>,
}

/// What the answers of several copies to one request tell.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Stable within each copy, and different between them.
    pub differences: Vec<Difference>,
    /// Whole numbers that rise or fall by the same step with each request to a copy, whatever the others get.
    pub counters: Vec<Difference>,
    /// A copy's own port, process or name.
    pub names_itself: Vec<Difference>,
    /// How many places vary within one copy.
    pub noise: usize,
    /// Whether what was found may still be chance, such as a draw from few values, or a clock. The caller then waits for 1.3 s,
    /// asks each copy as often again, and judges all answers, until this is `false`; what is found with 12 answers of each
    /// copy over more than that time is none.
    pub needs_more: bool,
    /// Why nothing can be told, in one sentence, where that is so.
    pub inconclusive: Option<String>,
}

impl Difference {
    pub(super) fn shown(found: &Found) -> Self {
        let name = found.place.rsplit(['/', '>']).next().unwrap_or("");
        let secret = is_secret(name) && !found.values.iter().all(|value| value.len() < 8);
        let secret = secret || found.place.starts_with("cookie ") && found.place.ends_with(" value");
        let values = if secret {
            found.values.iter().map(|value| mask(value)).collect()
        } else {
            let values: Vec<String> = found.values.iter().map(|value| masked(value)).collect();
            let from = common_beginning(&values).saturating_sub(LEAD);
            let (from, lead) = if from > LEAD { (from, "…") } else { (0, "") };
            let rest = |value: &String| value.chars().skip(from).collect::<String>();
            values.iter().map(|value| shorten(&format!("{lead}{}", rest(value)))).collect()
        };
        let place: String = found.place.chars().take(200).collect();
        Difference { place, values }
    }
}

/// How many characters all that are not empty begin with alike.
fn common_beginning(values: &[String]) -> usize {
    let mut there = values.iter().filter(|value| !value.is_empty());
    let Some(first) = there.next() else { return 0 };
    let alike = |other: &String| first.chars().zip(other.chars()).take_while(|(one, another)| one == another).count();
    there.map(alike).min().unwrap_or(0)
}

/// What looks like a secret, masked; a UUID is an id, and is shown.
fn masked(value: &str) -> String {
    let mut out = value.to_owned();
    for piece in tokens(value).into_iter().filter(|piece| is_random(piece) && !is_uuid(piece)) {
        out = out.replace(piece, &mask(piece));
    }
    out
}
