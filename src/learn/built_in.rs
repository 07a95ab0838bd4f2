//! The lessons that come with the program, each a file beside this one.

use std::path::PathBuf;
use stickylb::config::ConfigError;

use super::lesson::Lesson;
use super::read::{Typeable, read};

/// A lesson that comes with the program.
pub(crate) struct BuiltIn {
    /// From 1.
    pub(crate) number: u32,
    /// The name of its file, for messages.
    pub(crate) file: &'static str,
    text: &'static str,
}

macro_rules! lesson {
    ($number:literal, $file:literal) => {
        BuiltIn { number: $number, file: $file, text: include_str!(concat!("lessons/", $file)) }
    };
}

/// All of them, in their order.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    lesson!(1, "01-who-is-next.jsonc"),
    lesson!(2, "02-the-cookie.jsonc"),
    lesson!(3, "03-sticky-is-unfair.jsonc"),
    lesson!(4, "04-weights.jsonc"),
    lesson!(5, "05-the-slow-one.jsonc"),
    lesson!(6, "06-a-crash.jsonc"),
    lesson!(7, "07-drain.jsonc"),
    lesson!(8, "08-the-check-lies.jsonc"),
    lesson!(9, "09-too-few.jsonc"),
    lesson!(10, "10-hash.jsonc"),
    lesson!(11, "11-exam.jsonc"),
];

impl BuiltIn {
    /// The one with this number.
    pub(crate) fn numbered(number: u32) -> Option<&'static BuiltIn> {
        BUILT_IN.iter().find(|one| one.number == number)
    }

    /// Reads it.
    ///
    /// # Errors
    /// It is wrong, which a test rules out.
    pub(crate) fn read(&self, typeable: Typeable<'_>) -> Result<Lesson, ConfigError> {
        read(&PathBuf::from(self.file), self.text.as_bytes(), typeable)
    }
}
