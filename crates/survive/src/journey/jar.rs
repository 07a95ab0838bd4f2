//! The cookies that the client of a new run has.

use std::collections::HashMap;

use super::cookies;
use super::links::Links;
use crate::Answer;

/// What stands in place of a recorded cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Now {
    Value(String),
    Deleted,
}

/// What a new run has in place of each recorded cookie. Values are told apart as recorded, so that a recording of several
/// clients keeps those of one name apart.
#[derive(Default)]
pub(super) struct Jar<'l> {
    /// By recorded name and value.
    now: HashMap<(&'l str, &'l str), Now>,
}

impl<'l> Jar<'l> {
    /// After the answers that a new run had before a step.
    pub(super) fn new(links: &'l [Links], step: usize, so_far: &[Option<Answer>]) -> Self {
        let mut jar = Jar::default();
        for (links, answer) in links.iter().zip(so_far).take(step) {
            if let Some(answer) = answer {
                jar.take_in(links, answer);
            }
        }
        jar
    }

    /// Takes in the answer to a step.
    pub(super) fn take_in(&mut self, links: &'l Links, answer: &Answer) {
        let given: HashMap<&str, cookies::Set<'_>> = cookies::set(answer).map(|set| (set.name, set)).collect();
        if given.is_empty() && links.set.is_empty() {
            return;
        }
        let mut carried: HashMap<&str, &'l str> = HashMap::new();
        for cookie in &links.cookies {
            carried.entry(&cookie.name).or_insert(&cookie.value);
        }
        for (name, set) in &links.set {
            let (name, had) = (name.as_str(), carried.remove(name.as_str()));
            let Some(follows) = set.as_deref().or(had) else { continue };
            if let Some(given) = given.get(name) {
                self.now.insert((name, follows), value(given));
            } else if let Some(had) = had.filter(|had| *had != follows) {
                // The client keeps what it has where the recording gave it something new.
                let kept = self.now.get(&(name, had)).cloned().unwrap_or_else(|| Now::Value(had.to_owned()));
                self.now.insert((name, follows), kept);
            }
        }
        for (name, had) in carried {
            if let Some(given) = given.get(name) {
                self.now.insert((name, had), value(given));
            }
        }
    }

    /// What stands in place of a recorded cookie; `None` where that is as it was.
    pub(super) fn in_place_of(&self, name: &'l str, value: &'l str) -> Option<&Now> {
        self.now.get(&(name, value))
    }
}

fn value(set: &cookies::Set<'_>) -> Now {
    if set.deleted { Now::Deleted } else { Now::Value(set.value.to_owned()) }
}
