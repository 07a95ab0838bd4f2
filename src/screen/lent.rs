//! The terminal while another program has it.

#[cfg(unix)]
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
#[cfg(unix)]
use std::io;

use super::output;
use super::suspend::in_foreground;
use super::terminal::reset;

/// The terminal while another program has it, with the settings it had before.
pub(super) struct Lent {
    #[cfg(unix)]
    settings: Option<Termios>,
}

impl Lent {
    /// The terminal was left, and another program gets it now.
    pub(super) fn new() -> Self {
        Lent {
            #[cfg(unix)]
            settings: tcgetattr(io::stdout()).ok(),
        }
    }

    /// Undoes what the other program may have left: its screen and its settings.
    pub(super) fn take_back(self) {
        // Another job may own the terminal by now.
        if !in_foreground() {
            return;
        }
        output::finish(Some(&[]), &reset());
        #[cfg(unix)]
        if let Some(settings) = self.settings {
            // A terminal that is gone has no settings.
            let _ = tcsetattr(io::stdout(), OptionalActions::Now, &settings);
        }
    }
}
