//! Colour themes. A state is always shown by a word and a symbol, never by colour alone. Only the terminal's 16 palette
//! colours are used, so that they match the terminal's scheme.

use ratatui::style::{Color, Modifier, Style};
use stickylb::api::{Mark, State};

use super::glyphs::Glyphs;

/// A set of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// No faint text; errors and warnings on a background colour.
    HighContrast,
    /// Blue for good, yellow for warnings, reversed for bad: distinguishable with any colour vision.
    ColorBlind,
    /// No colours, only bold, faint and reversed text.
    Mono,
}

impl Colors {
    /// All themes, in the order of help.
    pub(crate) const ALL: [Colors; 5] =
        [Colors::Dark, Colors::Light, Colors::HighContrast, Colors::ColorBlind, Colors::Mono];

    /// The name in options and commands.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Colors::Dark => "dark",
            Colors::Light => "light",
            Colors::HighContrast => "high-contrast",
            Colors::ColorBlind => "color-blind",
            Colors::Mono => "mono",
        }
    }

    /// [`Colors::Mono`] if `NO_COLOR` is set and not empty, [`Colors::Light`] if `COLORFGBG` names a light background,
    /// else [`Colors::Dark`].
    pub fn from_environment() -> Self {
        let light = |value: &str| matches!(value.rsplit(';').next(), Some("7" | "15"));
        if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            Colors::Mono
        } else if std::env::var("COLORFGBG").is_ok_and(|value| light(&value)) {
            Colors::Light
        } else {
            Colors::Dark
        }
    }
}

impl std::str::FromStr for Colors {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Colors::ALL.into_iter().find(|colors| colors.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Colors::ALL.iter().map(|colors| colors.name()).collect();
            format!("there is no theme '{name}': {}", names.join(", "))
        })
    }
}

/// The look of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The character set.
    pub glyphs: Glyphs,
    /// The colour theme.
    pub colors: Colors,
}

impl Theme {
    /// The theme's foreground from `each`, which is in the order of [`Colors::ALL`] without `Mono`; `None` is the
    /// terminal's default colour.
    fn pick(self, each: [Option<Color>; 4]) -> Style {
        let color = match self.colors {
            Colors::Dark => each[0],
            Colors::Light => each[1],
            Colors::HighContrast => each[2],
            Colors::ColorBlind => each[3],
            Colors::Mono => None,
        };
        color.map_or_else(Style::new, |color| Style::new().fg(color))
    }

    /// `ink` on `paper` in the high-contrast theme, else `style`.
    fn marked(self, paper: Color, ink: Color, style: Style) -> Style {
        if self.colors == Colors::HighContrast { Style::new().fg(ink).bg(paper) } else { style }
    }

    pub(crate) fn title(self) -> Style {
        self.pick([Some(Color::Cyan), Some(Color::Blue), None, Some(Color::LightBlue)]).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn border(self, focused: bool) -> Style {
        if focused {
            self.pick([Some(Color::Cyan), Some(Color::Blue), None, Some(Color::LightBlue)])
        } else {
            self.dim()
        }
    }

    /// For less important text.
    pub(crate) fn dim(self) -> Style {
        let style = self.pick([Some(Color::DarkGray), Some(Color::DarkGray), None, Some(Color::DarkGray)]);
        if self.colors == Colors::Mono { style.add_modifier(Modifier::DIM) } else { style }
    }

    pub(crate) fn key(self) -> Style {
        self.pick([Some(Color::Yellow), Some(Color::Magenta), Some(Color::LightYellow), Some(Color::Yellow)])
            .add_modifier(Modifier::BOLD)
    }

    pub(crate) fn selected() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(crate) fn good(self) -> Style {
        self.pick([Some(Color::Green), Some(Color::Green), Some(Color::LightGreen), Some(Color::LightBlue)])
    }

    pub(crate) fn bad(self) -> Style {
        let style = self.pick([Some(Color::Red), Some(Color::Red), None, Some(Color::Red)]);
        let style = if self.colors == Colors::ColorBlind { style.add_modifier(Modifier::REVERSED) } else { style };
        self.marked(Color::Red, Color::White, style).add_modifier(Modifier::BOLD)
    }

    /// Magenta in the light theme, because yellow is unreadable on white.
    pub(crate) fn warning(self) -> Style {
        let style = self.pick([Some(Color::Yellow), Some(Color::Magenta), None, Some(Color::Yellow)]);
        self.marked(Color::Yellow, Color::Black, style)
    }

    pub(crate) fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(crate) fn state(self, state: State) -> Style {
        match state {
            State::Up => self.good(),
            State::Down | State::Ejected => self.bad(),
            State::Drain | State::Maint => self.warning(),
            _ => self.dim(),
        }
    }

    /// A backend's own colour: the nearest of the palette to that of its page. Its letter tells it where there are no colours.
    pub(crate) fn backend(self, mark: Mark) -> Style {
        /// On dark and on light ground, in the order of the marks: blue, orange, green, pink, vermilion, sky, yellow, wine,
        /// teal.
        const COLORS: [(Color, Color); Mark::COLORS] = [
            (Color::LightBlue, Color::Blue),
            (Color::Yellow, Color::Yellow),
            (Color::Green, Color::Green),
            (Color::LightMagenta, Color::Magenta),
            (Color::LightRed, Color::LightRed),
            (Color::LightCyan, Color::LightBlue),
            (Color::LightYellow, Color::DarkGray),
            (Color::Magenta, Color::Red),
            (Color::Cyan, Color::Cyan),
        ];
        let (dark, light) = COLORS[mark.color_index()];
        self.pick([Some(dark), Some(light), None, Some(dark)]).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn status(self, status: u16) -> Style {
        match status {
            500.. => self.bad(),
            400..500 => self.warning(),
            300..400 => self.pick([Some(Color::Cyan), Some(Color::Blue), None, None]),
            _ => self.good(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_is_found_by_its_name_and_an_unknown_one_names_them_all() {
        for colors in Colors::ALL {
            assert_eq!(colors.name().parse(), Ok(colors));
        }
        let error = "solarized".parse::<Colors>().expect_err("unknown");
        assert_eq!(error, "there is no theme 'solarized': dark, light, high-contrast, color-blind, mono");
    }

    #[test]
    fn without_colours_there_are_none_and_the_others_use_the_palette_alone() {
        for colors in Colors::ALL {
            let theme = Theme { glyphs: Glyphs::Unicode, colors };
            let styles =
                [theme.title(), theme.border(true), theme.border(false), theme.key(), theme.good(), theme.bad()];
            let more = [theme.warning(), theme.dim(), Theme::selected(), Theme::strong()];
            for style in styles.into_iter().chain(more).chain([200, 302, 404, 502].map(|status| theme.status(status))) {
                for color in [style.fg, style.bg].into_iter().flatten() {
                    assert!(!matches!(color, Color::Rgb(..) | Color::Indexed(_)), "{colors:?}: {color:?}");
                    assert_ne!(colors, Colors::Mono);
                }
            }
        }
    }
}
