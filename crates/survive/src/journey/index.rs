//! Which answers gave a value.

use std::collections::HashMap;

use super::origin::{self, Origin};
use super::runs::Wanted;
use super::url::Codec;
use crate::Answer;

/// Values of ids, each with the places that gave it: the first, and the last few.
#[derive(Default)]
pub(super) struct Index {
    values: HashMap<String, Vec<(usize, Origin)>>,
}

impl Index {
    /// Of one value, no more places are kept.
    const PLACES: usize = 4;

    /// Takes in what a step's answer gives, of what is `wanted`.
    pub(super) fn add(&mut self, step: usize, answer: &Answer, wanted: &Wanted<'_>) {
        if !wanted.may_be_in(answer) {
            return;
        }
        origin::minted(answer, |origin, value| {
            // A cookie's value is often carried out of its percent-encoding elsewhere, as in a header with a token.
            if let Origin::Cookie(_) = origin {
                let plain = Codec::Percent.read(value);
                if plain != value && wanted.has(&plain) {
                    self.insert(&plain, step, &origin);
                }
            }
            if wanted.has(value) {
                self.insert(value, step, &origin);
            }
        });
    }

    fn insert(&mut self, value: &str, step: usize, origin: &Origin) {
        let places = self.values.entry(value.to_owned()).or_default();
        if places.iter().filter(|(one, _)| *one == step).count() >= Self::PLACES / 2 {
            return;
        }
        if places.len() == Self::PLACES {
            places.remove(1);
        }
        places.push((step, origin.clone()));
    }

    /// The places that gave a value, in the order of the steps.
    pub(super) fn of(&self, value: &str) -> &[(usize, Origin)] {
        self.values.get(value).map_or(&[], Vec::as_slice)
    }
}
