//! What happens to the screen, and what it wants done.

use crossterm::event::{KeyEvent, MouseEvent};
use std::sync::Arc;
use std::time::SystemTime;
use stickylb::api::{BackendId, Command, CommandError, Event, Heads, Replayed, RequestNumber, Snapshot};
use stickylb::untrusted::Untrusted;

use super::notify::Notify;
use crate::screen::export::Export;

/// Something that happened.
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something; only while it is asked to tell.
    Mouse(MouseEvent),
    /// The terminal has this size: columns and lines.
    Resized(u16, u16),
    /// How things stand now.
    Snapshot(Box<Snapshot>),
    /// A second has passed: the time, and how things stand.
    Second(SystemTime, Box<Snapshot>),
    /// What happened since the last time, and how many events were missed.
    Events(Vec<Arc<Event>>, u64),
    /// Text was pasted: it goes where text is typed, and is no keys.
    Paste(String),
    /// A file was written, or not: one sentence.
    Exported(Result<String, String>),
    /// The heads of the request with this number; none where they are not kept any more.
    Heads(RequestNumber, Result<Option<Box<Heads>>, Untrusted<String>>),
    /// A request was sent again, or not, and why.
    Replayed(Result<Box<Replayed>, Untrusted<String>>),
    /// A command was carried out, or not.
    Done(Result<(), CommandError>),
    /// The engine has ended, or is out of reach: why, as one sentence.
    Ended(Untrusted<String>),
}

/// One sentence in the footer, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// It was done.
    Done(String),
    /// It was not, and why.
    Trouble(String),
}

/// Something to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the engine.
    Command(Command),
    /// Put this text into the clipboard, and say this beside how much it was. What of it came over the network is shown
    /// text, as an [`Untrusted`] shows it, line breaks too.
    Copy(String, &'static str),
    /// Ask for the heads of the request with this number.
    Heads(RequestNumber),
    /// Send the request with this number again, to this backend or as it is balanced.
    Replay(RequestNumber, Option<BackendId>),
    /// Have the mouse tell what it does, or leave it to the terminal.
    Mouse(bool),
    /// Write this into a file.
    Export(Export),
    /// Give the terminal back to the shell until the program is continued.
    Suspend,
    /// Tell whoever is not looking, in this way.
    Notify(Notify, String),
    /// Leave the screen, and let the engine go on without one.
    Detach,
    /// Leave the screen; an engine of this process ends too.
    Quit,
}
