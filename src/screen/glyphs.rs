//! The characters the screen is drawn with: box drawing and symbols, or plain ASCII.

use super::Theme;
use stickylb::api::State;

/// The characters the screen is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    /// Box drawing, blocks and symbols.
    Unicode,
    /// Plain ASCII.
    Ascii,
}

impl Glyphs {
    /// What the locale can show: Unicode where its name says UTF-8, or where it says nothing.
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

impl Theme {
    pub(super) fn state_glyph(self, state: State) -> &'static str {
        match (self.glyphs, state) {
            (Glyphs::Unicode, State::Up) => "●",
            (Glyphs::Unicode, State::Down) => "✖",
            (Glyphs::Unicode, State::Ejected) => "▲",
            (Glyphs::Unicode, State::Drain) => "◐",
            (Glyphs::Unicode, State::Maint) => "■",
            (Glyphs::Unicode, _) => "○",
            (Glyphs::Ascii, State::Up) => "+",
            (Glyphs::Ascii, State::Down) => "x",
            (Glyphs::Ascii, State::Ejected) => "!",
            (Glyphs::Ascii, State::Drain) => "~",
            (Glyphs::Ascii, State::Maint) => "#",
            (Glyphs::Ascii, _) => "?",
        }
    }

    pub(super) fn check_glyph(self, passed: bool) -> &'static str {
        match (self.glyphs, passed) {
            (Glyphs::Unicode, true) => "▮",
            (Glyphs::Unicode, false) => "▯",
            (Glyphs::Ascii, true) => "|",
            (Glyphs::Ascii, false) => ".",
        }
    }

    /// What stands before a marked line.
    pub(super) fn mark(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "◆",
            Glyphs::Ascii => "*",
        }
    }

    /// One column of a bar.
    pub(super) fn bar(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "█",
            Glyphs::Ascii => "#",
        }
    }

    /// Where on a bar what is due ends.
    pub(super) fn due(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "│",
            Glyphs::Ascii => "|",
        }
    }

    /// Which way a column is sorted.
    pub(super) fn order(self, descending: bool) -> &'static str {
        match (self.glyphs, descending) {
            (Glyphs::Unicode, true) => "▼",
            (Glyphs::Unicode, false) => "▲",
            (Glyphs::Ascii, true) => "v",
            (Glyphs::Ascii, false) => "^",
        }
    }

    /// Eight heights for sparks, the lowest first.
    pub(super) fn spark_glyphs(self) -> [char; 8] {
        match self.glyphs {
            Glyphs::Unicode => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
            Glyphs::Ascii => ['_', '.', '.', '-', '-', '=', '=', '#'],
        }
    }

    pub(super) fn ellipsis(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "…",
            Glyphs::Ascii => "~",
        }
    }

    /// What stands for no value.
    pub(super) fn none(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "–",
            Glyphs::Ascii => "-",
        }
    }

    pub(super) fn dash(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "─",
            Glyphs::Ascii => "-",
        }
    }

    pub(super) fn borders(self) -> ratatui::symbols::border::Set<'static> {
        match self.glyphs {
            Glyphs::Unicode => ratatui::symbols::border::PLAIN,
            Glyphs::Ascii => ratatui::symbols::border::Set {
                top_left: "+",
                top_right: "+",
                bottom_left: "+",
                bottom_right: "+",
                vertical_left: "|",
                vertical_right: "|",
                horizontal_top: "-",
                horizontal_bottom: "-",
            },
        }
    }
}
