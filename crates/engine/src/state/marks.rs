//! Which backend has which letter and colour.

use std::collections::{BTreeSet, HashMap};

use crate::api::{BackendId, Mark};

/// The marks given out. A backend keeps its own while it is there; then it is the next one's.
#[derive(Default)]
pub(crate) struct Marks {
    given: HashMap<BackendId, u16>,
    /// The numbers that came back, all of them below `next`.
    free: BTreeSet<u16>,
    next: u16,
}

impl Marks {
    /// This backend's mark: the first free one, if it has none yet.
    pub(crate) fn of(&mut self, id: BackendId) -> Mark {
        if let Some(number) = self.given.get(&id) {
            return Mark::new(*number);
        }
        let number = self.free.pop_first().unwrap_or_else(|| {
            self.next = self.next.saturating_add(1);
            self.next - 1
        });
        self.given.insert(id, number);
        Mark::new(number)
    }

    /// Takes back the mark of a backend that is gone.
    pub(super) fn free(&mut self, id: BackendId) {
        self.free.extend(self.given.remove(&id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_keeps_its_letter_when_others_go_and_a_new_one_gets_the_first_free() {
        let mut marks = Marks::default();
        let mut letter = |id: u32| marks.of(BackendId::new(id)).letter();
        assert_eq!([letter(7), letter(3), letter(5), letter(7)], ['A', 'B', 'C', 'A']);
        marks.free(BackendId::new(3));
        let mut letter = |id: u32| marks.of(BackendId::new(id)).letter();
        assert_eq!([letter(5), letter(9), letter(3)], ['C', 'B', 'D']);
    }
}
