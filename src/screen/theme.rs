//! Colour themes. A state is always shown by a word and a symbol, never by colour alone. Only the terminal's 16 palette
//! colours are used, so that they match the terminal's scheme, except where a theme of the user's own names others.

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
    /// The user's own, over those of a built-in theme.
    Own(OwnColors),
}

/// What has a colour of its own in a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Text,
    Background,
    Title,
    Border,
    Dim,
    Key,
    Good,
    Warning,
    Bad,
    Redirect,
}

impl Role {
    /// All roles, with the name and the description that the user's file has for them.
    pub(crate) const ALL: [(Role, &'static str, &'static str); 10] = [
        (Role::Text, "text", "Text without a role of its own"),
        (Role::Background, "background", "Behind all of it"),
        (Role::Title, "title", "Titles and graphs"),
        (Role::Border, "border", "The border of the pane that has the keys"),
        (Role::Dim, "dim", "What matters less, other borders included"),
        (Role::Key, "key", "Keys"),
        (Role::Good, "good", "UP, passed checks, 2xx"),
        (Role::Warning, "warning", "DRAIN, MAINT, 4xx, what went wrong"),
        (Role::Bad, "bad", "DOWN, EJECTED, failed checks, 5xx"),
        (Role::Redirect, "redirect", "3xx"),
    ];
}

/// Some roles with colours of the user's, the others as in a built-in theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnColors {
    /// One of [`Colors::ALL`].
    base: &'static Colors,
    /// In the order of [`Role::ALL`].
    roles: [Option<Color>; Role::ALL.len()],
}

impl OwnColors {
    /// The colours of a built-in theme; of [`Colors::Dark`] where `base` is none.
    pub(crate) fn over(base: Colors) -> Self {
        let base = Colors::ALL.iter().find(|built_in| **built_in == base).unwrap_or(&Colors::Dark);
        OwnColors { base, roles: [None; Role::ALL.len()] }
    }

    /// Sets the colour of a role; [`Color::Reset`] is the terminal's own.
    pub(crate) fn set(&mut self, role: Role, color: Color) {
        self.roles[role as usize] = Some(color);
    }
}

impl Colors {
    /// All themes, in the order of help.
    pub(crate) const ALL: [Colors; 5] =
        [Colors::Dark, Colors::Light, Colors::HighContrast, Colors::ColorBlind, Colors::Mono];

    /// The built-in theme: itself, or the one that the user's own colours lie over.
    pub(crate) fn base(self) -> Colors {
        if let Colors::Own(own) = self { *own.base } else { self }
    }

    /// A built-in theme's name in options and commands.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Colors::Own(_) => "own",
            Colors::Dark => "dark",
            Colors::Light => "light",
            Colors::HighContrast => "high-contrast",
            Colors::ColorBlind => "color-blind",
            Colors::Mono => "mono",
        }
    }

    /// Whether `NO_COLOR` is set and not empty.
    pub(crate) fn are_unwanted() -> bool {
        std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
    }

    /// [`Colors::Mono`] if `NO_COLOR` is set and not empty, [`Colors::Light`] if `COLORFGBG` names a light background,
    /// else [`Colors::Dark`].
    pub fn from_environment() -> Self {
        let light = |value: &str| matches!(value.rsplit(';').next(), Some("7" | "15"));
        if Colors::are_unwanted() {
            Colors::Mono
        } else if std::env::var("COLORFGBG").is_ok_and(|value| light(&value)) {
            Colors::Light
        } else {
            Colors::Dark
        }
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
        let color = match self.colors.base() {
            Colors::Dark => each[0],
            Colors::Light => each[1],
            Colors::HighContrast => each[2],
            Colors::ColorBlind => each[3],
            Colors::Mono | Colors::Own(_) => None,
        };
        color.map_or_else(Style::new, |color| Style::new().fg(color))
    }

    /// The user's own colour for a role.
    pub(crate) fn own(self, role: Role) -> Option<Color> {
        if let Colors::Own(own) = self.colors { own.roles[role as usize] } else { None }
    }

    /// The user's own colour for a role, else `style`.
    fn or_own(self, role: Role, style: Style) -> Style {
        self.own(role).map_or(style, |color| Style::new().fg(color))
    }

    /// `ink` on `paper` in the high-contrast theme, else `style`.
    fn marked(self, paper: Color, ink: Color, style: Style) -> Style {
        if self.colors.base() == Colors::HighContrast { Style::new().fg(ink).bg(paper) } else { style }
    }

    pub(crate) fn title(self) -> Style {
        let style = self.pick([Some(Color::Cyan), Some(Color::Blue), None, Some(Color::LightBlue)]);
        self.or_own(Role::Title, style).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn border(self, focused: bool) -> Style {
        if focused {
            let style = self.pick([Some(Color::Cyan), Some(Color::Blue), None, Some(Color::LightBlue)]);
            self.or_own(Role::Border, style)
        } else {
            self.dim()
        }
    }

    /// For less important text.
    pub(crate) fn dim(self) -> Style {
        let style = self.pick([Some(Color::DarkGray), Some(Color::DarkGray), None, Some(Color::DarkGray)]);
        let style = if self.colors.base() == Colors::Mono { style.add_modifier(Modifier::DIM) } else { style };
        self.or_own(Role::Dim, style)
    }

    pub(crate) fn key(self) -> Style {
        let style =
            self.pick([Some(Color::Yellow), Some(Color::Magenta), Some(Color::LightYellow), Some(Color::Yellow)]);
        self.or_own(Role::Key, style).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn selected() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(crate) fn good(self) -> Style {
        let style =
            self.pick([Some(Color::Green), Some(Color::Green), Some(Color::LightGreen), Some(Color::LightBlue)]);
        self.or_own(Role::Good, style)
    }

    pub(crate) fn bad(self) -> Style {
        let style = self.pick([Some(Color::Red), Some(Color::Red), None, Some(Color::Red)]);
        let style =
            if self.colors.base() == Colors::ColorBlind { style.add_modifier(Modifier::REVERSED) } else { style };
        self.or_own(Role::Bad, self.marked(Color::Red, Color::White, style)).add_modifier(Modifier::BOLD)
    }

    /// Magenta in the light theme, because yellow is unreadable on white.
    pub(crate) fn warning(self) -> Style {
        let style = self.pick([Some(Color::Yellow), Some(Color::Magenta), None, Some(Color::Yellow)]);
        self.or_own(Role::Warning, self.marked(Color::Yellow, Color::Black, style))
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
            300..400 => self.or_own(Role::Redirect, self.pick([Some(Color::Cyan), Some(Color::Blue), None, None])),
            _ => self.good(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_colours_take_the_place_of_those_that_they_name() {
        let mut own = OwnColors::over(Colors::Light);
        own.set(Role::Good, Color::Rgb(1, 2, 3));
        let [theme, base] = [Colors::Own(own), Colors::Light].map(|colors| Theme { glyphs: Glyphs::Unicode, colors });
        assert_eq!(theme.good().fg, Some(Color::Rgb(1, 2, 3)));
        assert_eq!((theme.bad(), theme.title()), (base.bad(), base.title()));
        for (place, (role, ..)) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, place);
        }
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
