//! The colours of a picture: those that a terminal would show.

use ratatui::style::Color;

use super::theme::{Colors, Role, Theme};

/// Background, text and the 16 palette colours of a typical terminal, as `#rrggbb`.
pub(crate) struct Inks {
    pub(crate) paper: String,
    pub(crate) ink: String,
    /// Black, red, green, yellow, blue, magenta, cyan, white, dark grey.
    palette: [&'static str; 9],
}

const DARK: [&str; 9] =
    ["#1d1f21", "#f2777a", "#7fc97f", "#f0c674", "#81a2be", "#b294bb", "#6cc5d9", "#ffffff", "#7d828c"];

/// Each at least 4.5:1 on white.
const LIGHT: [&str; 9] =
    ["#24292f", "#c0262d", "#1a7f37", "#8a6100", "#0b5cc4", "#8431b8", "#0b6e75", "#ffffff", "#6a717a"];

/// Each at least 7:1 on black, but red, which is a background in this theme.
const HIGH_CONTRAST: [&str; 9] =
    ["#000000", "#c50f1f", "#5cf25c", "#ffe14d", "#7fb8ff", "#ff9cff", "#5ceaff", "#ffffff", "#a8a8a8"];

impl Inks {
    /// The colours of a theme: dark on light in a light one.
    pub(crate) fn of(theme: Theme) -> Self {
        let (paper, ink, palette) = match theme.colors.base() {
            Colors::Light => ("#ffffff", "#24292f", LIGHT),
            Colors::HighContrast => ("#000000", "#ffffff", HIGH_CONTRAST),
            _ => ("#16181d", "#d5d8de", DARK),
        };
        let mut inks = Inks { paper: paper.to_owned(), ink: ink.to_owned(), palette };
        let own = |role, usual: &str| inks.hex(theme.own(role), usual);
        (inks.paper, inks.ink) = (own(Role::Background, paper), own(Role::Text, ink));
        inks
    }

    /// A colour as `#rrggbb`; `usual` for none, and for the terminal's own.
    pub(crate) fn hex(&self, color: Option<Color>, usual: &str) -> String {
        let place = match color {
            Some(Color::Black) => 0,
            Some(Color::Red | Color::LightRed) => 1,
            Some(Color::Green | Color::LightGreen) => 2,
            Some(Color::Yellow | Color::LightYellow) => 3,
            Some(Color::Blue | Color::LightBlue) => 4,
            Some(Color::Magenta | Color::LightMagenta) => 5,
            Some(Color::Cyan | Color::LightCyan) => 6,
            Some(Color::Gray | Color::White) => 7,
            Some(Color::DarkGray) => 8,
            Some(Color::Rgb(red, green, blue)) => return format!("#{red:02x}{green:02x}{blue:02x}"),
            Some(Color::Indexed(index)) => return self.indexed(index),
            Some(Color::Reset) | None => return usual.to_owned(),
        };
        self.palette[place].to_owned()
    }

    /// A colour of the 256: the palette, a cube of six steps a side, and 24 greys.
    fn indexed(&self, index: u8) -> String {
        let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
        match index {
            0..=6 => self.palette[usize::from(index)].to_owned(),
            8 => self.palette[8].to_owned(),
            9..=14 => self.palette[usize::from(index) - 8].to_owned(),
            7 | 15 => self.palette[7].to_owned(),
            16..=231 => {
                let n = index - 16;
                format!("#{:02x}{:02x}{:02x}", step(n / 36), step(n / 6 % 6), step(n % 6))
            }
            232..=255 => {
                let grey = 8 + 10 * (index - 232);
                format!("#{grey:02x}{grey:02x}{grey:02x}")
            }
        }
    }
}
