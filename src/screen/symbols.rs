//! The symbols of the screen in each character set.

use stickylb::api::State;

use super::glyphs::Glyphs;
use super::theme::Theme;

impl Theme {
    pub(crate) fn state_glyph(self, state: State) -> &'static str {
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

    pub(crate) fn check_glyph(self, passed: bool) -> &'static str {
        match (self.glyphs, passed) {
            (Glyphs::Unicode, true) => "▮",
            (Glyphs::Unicode, false) => "▯",
            (Glyphs::Ascii, true) => "|",
            (Glyphs::Ascii, false) => ".",
        }
    }

    /// The symbol of a marked log line.
    pub(crate) fn mark(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "◆",
            Glyphs::Ascii => "*",
        }
    }

    /// The symbol of a changed setting.
    pub(crate) fn setting(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "»",
            Glyphs::Ascii => ">",
        }
    }

    /// A request on its way.
    pub(crate) fn request(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "●",
            Glyphs::Ascii => "o",
        }
    }

    /// A request that failed.
    pub(crate) fn failed(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "×",
            Glyphs::Ascii => "x",
        }
    }

    /// The way of requests, where there is none.
    pub(crate) fn track(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "·",
            Glyphs::Ascii => ".",
        }
    }

    /// Between the backend that a client came from and the client.
    pub(crate) fn moved(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "▸",
            Glyphs::Ascii => ">",
        }
    }

    /// Before what is checked: whether it holds.
    pub(crate) fn tick(self, done: bool) -> &'static str {
        match (self.glyphs, done) {
            (Glyphs::Unicode, true) => "✓",
            (Glyphs::Unicode, false) => "·",
            (Glyphs::Ascii, true) => "[x]",
            (Glyphs::Ascii, false) => "[ ]",
        }
    }

    /// Before what came out otherwise than was said.
    pub(crate) fn cross(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "✗",
            Glyphs::Ascii => "[!]",
        }
    }

    /// One column of a bar.
    pub(crate) fn bar(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "█",
            Glyphs::Ascii => "#",
        }
    }

    /// The expected share on a bar.
    pub(crate) fn due(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "│",
            Glyphs::Ascii => "|",
        }
    }

    /// The arrow for a column's sort order.
    pub(crate) fn order(self, descending: bool) -> &'static str {
        match (self.glyphs, descending) {
            (Glyphs::Unicode, true) => "▼",
            (Glyphs::Unicode, false) => "▲",
            (Glyphs::Ascii, true) => "v",
            (Glyphs::Ascii, false) => "^",
        }
    }

    /// Eight heights for sparklines, the lowest first.
    pub(crate) fn spark_glyphs(self) -> [char; 8] {
        match self.glyphs {
            Glyphs::Unicode => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
            Glyphs::Ascii => ['_', '.', '.', '-', '-', '=', '=', '#'],
        }
    }

    pub(crate) fn ellipsis(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "…",
            Glyphs::Ascii => "~",
        }
    }

    /// A sentence with what separates and multiplies in it drawn in these characters.
    pub(crate) fn drawn(self, sentence: &str) -> String {
        match self.glyphs {
            Glyphs::Unicode => sentence.to_owned(),
            Glyphs::Ascii => {
                sentence.replace('·', "-").replace('×', "x").replace('–', self.none()).replace('…', self.ellipsis())
            }
        }
    }

    /// A sentence with its arrows drawn in these characters.
    pub(crate) fn arrows(self, sentence: &str) -> String {
        match self.glyphs {
            Glyphs::Unicode => sentence.to_owned(),
            Glyphs::Ascii => sentence.replace('→', "->"),
        }
    }

    /// Shown instead of a missing value.
    pub(crate) fn none(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "–",
            Glyphs::Ascii => "-",
        }
    }

    pub(crate) fn dash(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "─",
            Glyphs::Ascii => "-",
        }
    }

    pub(crate) fn borders(self) -> ratatui::symbols::border::Set<'static> {
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
