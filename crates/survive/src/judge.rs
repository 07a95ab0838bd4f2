//! What several copies answered to one request: what varies within one copy is noise, what is stable in each and differs
//! between them is a difference.

use crate::Answer;

/// What a copy may call itself in what it answers.
#[derive(Clone, Debug, Default)]
pub struct CopyNames {
    /// The backend's name.
    pub name: String,
    /// The port it listens on.
    pub port: Option<u16>,
    /// Its process.
    pub pid: Option<u32>,
    /// Its number among the copies, as `STICKYLB_INSTANCE` says it.
    pub instance: Option<usize>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The copy that gave it.
    pub copy: usize,
    /// What it answered.
    pub answer: Answer,
}

/// One place in an answer where copies differ, or that tells a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `status`, `header Location`, `/items/0/price`, `html > body > p`.
    pub place: String,
    /// What each copy has there, in the order of the copies; empty where it has nothing.
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
    /// Why nothing can be told, in one sentence, where that is so.
    pub inconclusive: Option<String>,
}

/// Judges the answers to one request, in the order in which they were asked for: each copy several times, in an order that
/// turns round (A B B A), with pauses of different lengths, so that neither time nor order looks like a difference.
pub fn judge(_samples: &[Sample], _copies: &[CopyNames]) -> Judgement {
    Judgement::default()
}
