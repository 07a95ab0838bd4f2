//! The faults that touched one request.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::ops::Deref;
use std::{fmt, slice};

use super::chaos::ChaosTouch;

/// The faults that touched a request, in the order of its attempts: a slice that grows. None of them is one word, because
/// nearly every request's is none, and every request carries it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SmallVec<[ChaosTouch; 1]>", into = "SmallVec<[ChaosTouch; 1]>")]
pub struct Touches(Option<Box<SmallVec<[ChaosTouch; 1]>>>);

impl Touches {
    /// Adds one at the end.
    pub fn push(&mut self, touch: ChaosTouch) {
        self.0.get_or_insert_default().push(touch);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

impl Deref for Touches {
    type Target = [ChaosTouch];

    fn deref(&self) -> &[ChaosTouch] {
        self.0.as_deref().map_or(&[], SmallVec::as_slice)
    }
}

impl From<SmallVec<[ChaosTouch; 1]>> for Touches {
    fn from(touches: SmallVec<[ChaosTouch; 1]>) -> Self {
        Touches((!touches.is_empty()).then(|| Box::new(touches)))
    }
}

impl From<Touches> for SmallVec<[ChaosTouch; 1]> {
    fn from(touches: Touches) -> Self {
        touches.0.map(|touches| *touches).unwrap_or_default()
    }
}

impl Extend<ChaosTouch> for Touches {
    fn extend<I: IntoIterator<Item = ChaosTouch>>(&mut self, touches: I) {
        touches.into_iter().for_each(|touch| self.push(touch));
    }
}

impl<'a> IntoIterator for &'a Touches {
    type Item = &'a ChaosTouch;
    type IntoIter = slice::Iter<'a, ChaosTouch>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Touches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_a_list_and_none_of_them_is_one_word() {
        let mut touches = Touches::default();
        assert_eq!(size_of_val(&touches), size_of::<usize>());
        assert!(touches.is_empty() && touches.iter().next().is_none());
        touches.push(ChaosTouch { backend: "alpha".into(), fault: "hang".into() });
        let json = serde_json::to_value(&touches).expect("plain");
        assert_eq!(json, serde_json::json!([{"backend": "alpha", "fault": "hang"}]));
        assert_eq!(serde_json::from_value::<Touches>(json).expect("the same"), touches);
        assert!(serde_json::from_str::<Touches>("[]").expect("none").is_empty());
        touches.clear();
        assert!(touches.is_empty());
    }
}
