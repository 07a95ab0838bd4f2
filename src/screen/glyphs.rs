//! The character sets the screen can be drawn with, and the choice by locale.

/// The characters the screen is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    /// Box drawing, blocks and symbols.
    Unicode,
    /// Plain ASCII.
    Ascii,
}

impl Glyphs {
    /// Unicode if the locale (`LC_ALL`, `LC_CTYPE` or `LANG`) is UTF-8 or not set, else ASCII.
    pub fn from_locale() -> Self {
        let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| {
            let value = std::env::var(name).ok()?;
            (!value.is_empty()).then_some(value)
        });
        match set {
            Some(locale) => {
                let locale = locale.to_ascii_lowercase();
                if locale.contains("utf-8") || locale.contains("utf8") { Glyphs::Unicode } else { Glyphs::Ascii }
            }
            None => Glyphs::Unicode,
        }
    }
}
