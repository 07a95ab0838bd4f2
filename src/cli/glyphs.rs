//! The option `--glyphs`.

use clap::ValueEnum;

/// Characters the screen is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Glyphs {
    Auto,
    Unicode,
    Ascii,
}
