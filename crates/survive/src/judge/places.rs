//! An answer taken apart into places with their values.

use std::sync::Arc;

/// The most places of one answer: a body of more is compared up to here.
const MOST: usize = 10_000;
/// The most bytes of one value: what is longer is compared by its beginning and a hash of the rest.
const LONGEST: usize = 16 * 1024;

/// One place and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    /// Where, exactly: `/items/0/price`, `html > body > ul > li[2]`.
    pub(super) place: Arc<str>,
    /// Where, without regard to order: all items of a list have the same, `/items/*/price`.
    pub(super) alike: Arc<str>,
    /// What is there, as text.
    pub(super) value: String,
    /// What stands before it in a page, where that says what it is, as `Port:` does.
    pub(super) label: Option<Arc<str>>,
}

/// What kind of body an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// None, or none that can be compared.
    Empty,
    Json,
    Html,
    Text,
    /// By length and hash alone.
    Bytes,
    /// A process's own figures in the Prometheus format, which are never compared.
    Metrics,
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Kind::Empty => "no body",
            Kind::Json => "JSON",
            Kind::Html => "HTML",
            Kind::Text => "text",
            Kind::Bytes => "bytes",
            Kind::Metrics => "metrics of a process",
        }
    }
}

/// An answer taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How it was answered: its status, and how it ended where that was not with its last byte.
    pub(super) outcome: String,
    pub(super) kind: Kind,
    /// Whether the body is there to its end.
    pub(super) whole: bool,
    pub(super) places: Vec<Fact>,
}

/// Collects facts, and stops where there are too many.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) facts: Vec<Fact>,
    last_alike: Option<Arc<str>>,
    /// Whether something was left out.
    pub(super) full: bool,
}

impl Places {
    pub(super) fn add(&mut self, place: &str, alike: &str, value: impl Into<String>) {
        if self.facts.len() >= MOST {
            self.full = true;
            return;
        }
        let alike: Arc<str> = match &self.last_alike {
            Some(last) if **last == *alike => Arc::clone(last),
            _ => Arc::from(alike),
        };
        self.last_alike = Some(Arc::clone(&alike));
        let place = if *place == *alike { Arc::clone(&alike) } else { Arc::from(place) };
        self.facts.push(Fact { place, alike, value: bounded(value.into()), label: None });
    }

    /// Adds a value with what stands before it.
    pub(super) fn add_labelled(&mut self, place: &str, alike: &str, value: impl Into<String>, label: &str) {
        let before = self.facts.len();
        self.add(place, alike, value);
        if let Some(fact) = self.facts.get_mut(before) {
            fact.label = Some(Arc::from(label));
        }
    }
}

fn bounded(mut value: String) -> String {
    if value.len() > LONGEST {
        let mut end = LONGEST;
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        let rest = hash(&value.as_bytes()[end..]);
        value.truncate(end);
        value.extend([" … ", &format!("{rest:016x}")]);
    }
    value
}

/// FNV-1a: the same on every machine and in every run.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
