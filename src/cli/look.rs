//! How the screen is wanted, from the command line and the environment.

use super::args::{self, NotifyHow, Settings, ThemeName};
use crate::tui::{Colors, Glyphs, Notify, Options, Theme};

/// A theme that is named wins over `NO_COLOR`, which is for programs that were not told better.
pub(super) fn options(args: &Settings) -> Options {
    let glyphs = match args.glyphs {
        args::Glyphs::Auto => Glyphs::from_locale(),
        args::Glyphs::Unicode => Glyphs::Unicode,
        args::Glyphs::Ascii => Glyphs::Ascii,
    };
    let colors = match args.theme {
        ThemeName::Auto => Colors::from_environment(),
        ThemeName::Dark => Colors::Dark,
        ThemeName::Light => Colors::Light,
        ThemeName::HighContrast => Colors::HighContrast,
        ThemeName::ColorBlind => Colors::ColorBlind,
        ThemeName::Mono => Colors::Mono,
    };
    let notify = match args.notify {
        NotifyHow::Off => Notify::Off,
        NotifyHow::Bell => Notify::Bell,
        NotifyHow::Desktop => Notify::Desktop,
    };
    Options { theme: Theme { glyphs, colors }, notify }
}
