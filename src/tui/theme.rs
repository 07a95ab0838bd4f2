//! Colours and characters. State is a word and a glyph and a colour, never a colour alone.

use ratatui::style::{Color, Modifier, Style};

use crate::balancer::State;

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

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Characters.
    pub glyphs: Glyphs,
    /// Whether colours may be used. Without them, bold and reverse remain.
    pub colors: bool,
}

impl Theme {
    /// Colours unless `NO_COLOR` is set to something.
    pub fn from_environment(glyphs: Glyphs) -> Self {
        let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Theme { glyphs, colors: !forbidden }
    }

    fn fg(self, color: Color) -> Style {
        if self.colors { Style::new().fg(color) } else { Style::new() }
    }

    pub(super) fn title(self) -> Style {
        self.fg(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub(super) fn border(self, focused: bool) -> Style {
        if focused { self.fg(Color::Cyan) } else { self.dim() }
    }

    pub(super) fn dim(self) -> Style {
        self.fg(Color::DarkGray)
    }

    pub(super) fn key(self) -> Style {
        self.fg(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    pub(super) fn selected() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) fn good(self) -> Style {
        self.fg(Color::Green)
    }

    pub(super) fn bad(self) -> Style {
        self.fg(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(super) fn warning(self) -> Style {
        self.fg(Color::Yellow)
    }

    pub(super) fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn state(self, state: State) -> Style {
        match state {
            State::Up => self.good(),
            State::Down | State::Ejected => self.bad(),
            State::Drain | State::Maint => self.warning(),
            State::Starting => self.dim(),
        }
    }

    pub(super) fn status(self, status: u16) -> Style {
        match status {
            500.. => self.bad(),
            400..500 => self.warning(),
            300..400 => self.fg(Color::Cyan),
            _ => self.good(),
        }
    }

    pub(super) fn state_glyph(self, state: State) -> &'static str {
        match (self.glyphs, state) {
            (Glyphs::Unicode, State::Up) => "●",
            (Glyphs::Unicode, State::Down) => "✖",
            (Glyphs::Unicode, State::Ejected) => "▲",
            (Glyphs::Unicode, State::Drain) => "◐",
            (Glyphs::Unicode, State::Maint) => "■",
            (Glyphs::Unicode, State::Starting) => "○",
            (Glyphs::Ascii, State::Up) => "+",
            (Glyphs::Ascii, State::Down) => "x",
            (Glyphs::Ascii, State::Ejected) => "!",
            (Glyphs::Ascii, State::Drain) => "~",
            (Glyphs::Ascii, State::Maint) => "#",
            (Glyphs::Ascii, State::Starting) => "?",
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
