//! Notifies a user who is not looking at the screen that a backend went DOWN, and of alerts, by bell or desktop
//! notification.

use std::io;
use std::io::Write;
use stickylb::untrusted::Untrusted;

use super::clipboard::Route;

/// Maximum characters of a notification.
const MOST: usize = 200;

/// How to notify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    /// Not at all.
    #[default]
    Off,
    /// By the terminal's bell.
    Bell,
    /// By a desktop notification, which the terminal shows.
    Desktop,
}

impl Notify {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Notify::Off => "off",
            Notify::Bell => "bell",
            Notify::Desktop => "desktop",
        }
    }
}

impl std::str::FromStr for Notify {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Notify::Off, Notify::Bell, Notify::Desktop]
            .into_iter()
            .find(|notify| notify.name() == name)
            .ok_or_else(|| format!("'{name}' is no way to notify: off, bell or desktop"))
    }
}

/// Writes a notification: OSC 777 or OSC 9, or the bell if the terminal supports neither.
pub(crate) fn send(how: Notify, text: &str, route: Route, out: &mut impl Write) -> io::Result<()> {
    if how == Notify::Desktop && route != Route::Nowhere {
        // A semicolon ends the text in OSC 777; in OSC 9 a number before it selects another command.
        let text: String = Untrusted::new(text).shown().replace(';', ",").chars().take(MOST).collect();
        let command = if speaks_777() { format!("777;notify;stickylb;{text}") } else { format!("9;stickylb: {text}") };
        return route.send(&command, out);
    }
    out.write_all(b"\x07")?;
    out.flush()
}

/// Whether the terminal supports OSC 777 but not OSC 9.
fn speaks_777() -> bool {
    let rxvt = std::env::var("TERM").is_ok_and(|term| term.starts_with("rxvt") || term.starts_with("foot"));
    rxvt || std::env::var_os("VTE_VERSION").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_text() {
        let mut out = Vec::new();
        send(Notify::Desktop, "\x1b]0;x\x07\u{9b} is DOWN", Route::Direct, &mut out).expect("memory");
        let text = String::from_utf8(out).expect("text");
        let inner = text.strip_prefix("\x1b]").and_then(|t| t.strip_suffix('\x07')).expect("one command");
        assert!(!inner.chars().any(char::is_control), "{inner:?}");
    }
}
