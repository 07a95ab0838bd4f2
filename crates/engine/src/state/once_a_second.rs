//! What is told to many once a second, and made once for all of them.

use std::sync::{Arc, Mutex, PoisonError};

/// What is told to many once a second, and made once for all of them.
#[derive(Default)]
pub(crate) struct OnceASecond(Mutex<Option<(u64, Arc<str>)>>);

impl OnceASecond {
    /// What was made in this second or a later one; makes it if nothing was. Who asks meanwhile waits for it.
    pub(crate) fn get(&self, second: u64, make: impl FnOnce() -> String) -> Arc<str> {
        // Ignoring poison is safe: what is there was assigned whole.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, text)) = last.as_ref().filter(|(of, _)| *of >= second) {
            return Arc::clone(text);
        }
        let text: Arc<str> = make().into();
        *last = Some((second, Arc::clone(&text)));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_a_second_for_all_readers() {
        let times = std::cell::Cell::new(0);
        let figures = OnceASecond::default();
        let get = |second| {
            let make = || {
                times.set(times.get() + 1);
                times.get().to_string()
            };
            figures.get(second, make).to_string()
        };
        // A reader that looked at the clock just before it struck gets what is there.
        assert_eq!([get(0), get(0), get(1), get(0), get(1)], ["1", "1", "2", "2", "2"]);
    }
}
