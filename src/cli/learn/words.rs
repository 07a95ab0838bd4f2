//! What is written after `learn`.

use std::path::PathBuf;

use crate::cli::glyphs::Glyphs;

#[derive(Clone, Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "A lesson has a port and demo backends of its own: it reads no configuration, and nothing of it is left behind.
Without LESSON it goes on with the first one that was not passed yet.

  stickylb-tui learn                    the next lesson
  stickylb-tui learn 5                  the one about the slow backend
  stickylb-tui learn my-lesson.jsonc    your own; saving the file reads it again
  stickylb-tui learn check 5 --play     whether it can be passed, without a screen"
)]
pub(in crate::cli) struct Learn {
    /// A lesson's number, or a file with one
    #[arg(value_name = "LESSON")]
    pub(super) lesson: Option<String>,

    /// The lessons, and which of them were passed
    #[arg(long)]
    pub(super) list: bool,

    #[command(flatten)]
    pub(super) staged: Staged,

    /// Characters the screen is drawn with; auto asks the locale [default: auto]
    #[arg(long, value_enum, value_name = "SET")]
    pub(super) glyphs: Option<Glyphs>,

    /// Colours, or a theme of your own
    #[arg(long, value_name = "NAME")]
    pub(super) theme: Option<String>,

    #[command(subcommand)]
    pub(super) what: Option<What>,
}

/// How a lesson is staged.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Staged {
    /// What is drawn by, such as the fault of an exam
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    /// Port to listen on [default: any free one]
    #[arg(short, long, value_name = "N")]
    pub(super) port: Option<u16>,
}

#[derive(Clone, Debug, clap::Subcommand)]
pub(super) enum What {
    /// Read a lesson and report everything wrong in it; start nothing without --play
    Check {
        /// A lesson's number, or a file with one; all that come with the program where it is left out
        #[arg(value_name = "LESSON")]
        lesson: Option<String>,
        /// Play its solutions with real backends, and fail where it cannot be passed
        #[arg(long)]
        play: bool,
        #[command(flatten)]
        staged: Staged,
    },
}

/// A lesson that was asked for.
#[derive(Clone, Debug)]
pub(super) enum Source {
    BuiltIn(u32),
    File(PathBuf),
}

impl Source {
    /// Digits are a number, all else is a file.
    pub(super) fn of(word: &str) -> Self {
        word.parse().map_or_else(|_| Source::File(PathBuf::from(word)), Source::BuiltIn)
    }
}
