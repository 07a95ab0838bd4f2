//! Where the values stand that may conflict with others of the file.

use std::collections::HashMap;

use super::document::Location;

/// A value of the configuration, by the positions of what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum At {
    /// All of it.
    File,
    /// A pool.
    Pool(usize),
    /// One of a pool's names: its pool, its position.
    Name(usize, usize),
    /// A key of a pool's stickiness.
    Sticky(usize),
    /// A key of a backend: its pool, itself, the key.
    Backend(usize, usize, &'static str),
    /// A key of a listener.
    Listener(usize, &'static str),
    /// An alert.
    Alert(usize),
    /// A key of a route: its listener, itself, the key.
    Route(usize, usize, &'static str),
}

/// Where the values stand that may conflict with others, noted while the file is read.
#[derive(Default)]
pub(crate) struct Locations {
    noted: HashMap<At, Location>,
    /// Whether a pool may have no backends.
    pub(crate) backends_optional: bool,
}

impl Locations {
    /// For a file whose pools may have no backends.
    pub(crate) fn with_optional_backends() -> Self {
        Locations { backends_optional: true, ..Locations::default() }
    }

    pub(crate) fn note(&mut self, at: At, place: Location) {
        self.noted.entry(at).or_insert(place);
    }

    /// Where it stands; `None` where it could not be read.
    pub(crate) fn of(&self, at: At) -> Option<&Location> {
        self.noted.get(&at)
    }
}
