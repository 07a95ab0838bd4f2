//! Which front end a run has.

use std::io::IsTerminal as _;

use super::args::Settings;

/// How users see what happens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    Screen,
    /// A prompt.
    #[cfg(feature = "tui")]
    Plain,
    Lines,
    /// Not at all, until a client attaches.
    #[cfg(unix)]
    Background,
}

impl Front {
    pub(super) fn of(args: &Settings) -> Self {
        #[cfg(unix)]
        if args.background {
            return Front::Background;
        }
        #[cfg(feature = "tui")]
        if args.plain {
            return Front::Plain;
        }
        let lines = args.headless || !cfg!(feature = "tui") || !std::io::stdout().is_terminal() || is_dumb();
        if lines { Front::Lines } else { Front::Screen }
    }

    /// Whether it can be seen and stopped only over its control socket.
    pub(super) fn needs_control(self) -> bool {
        #[cfg(unix)]
        return self == Front::Background;
        #[cfg(not(unix))]
        false
    }

    /// Whether there is nobody who could start a first backend.
    pub(super) fn needs_backends(self) -> bool {
        #[cfg(unix)]
        let is_hidden = self == Front::Background;
        #[cfg(not(unix))]
        let is_hidden = false;
        is_hidden || self == Front::Lines
    }

    /// Whether the user sees our output: another job may have the terminal's foreground.
    pub(super) fn is_seen(self) -> bool {
        #[cfg(feature = "tui")]
        return matches!(self, Front::Screen | Front::Plain) && crate::screen::in_foreground();
        #[cfg(not(feature = "tui"))]
        return self == Front::Screen;
    }
}

/// Whether the terminal says of itself that it can only print, as the shell windows of some editors do.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
