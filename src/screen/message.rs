//! What the screen receives, and what it asks for.

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
    /// A mouse event; they come only while mouse capture is on.
    Mouse(MouseEvent),
    /// The terminal has this size: columns and lines.
    Resized(u16, u16),
    /// The current state.
    Snapshot(Box<Snapshot>),
    /// A second has passed: the time, and the current state.
    Second(SystemTime, Box<Snapshot>),
    /// New events, and how many were missed.
    Events(Vec<Arc<Event>>, u64),
    /// Text was pasted. It is inserted where text is typed, and never acts as keys.
    Paste(String),
    /// A file was written, or why not, as one sentence.
    Exported(Result<String, String>),
    /// The heads of the request with this number; `None` if they are no longer kept.
    Heads(RequestNumber, Result<Option<Box<Heads>>, Untrusted<String>>),
    /// A request was sent again, or why not.
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
    /// It was not done, and why.
    Trouble(String),
}

/// Something the loop is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Have the engine carry out a command.
    Command(Command),
    /// Copy this text to the clipboard, and say the second text with its length. Parts from the network are escaped, as
    /// [`Untrusted`] shows them, including line breaks.
    Copy(String, &'static str),
    /// Ask for the heads of the request with this number.
    Heads(RequestNumber),
    /// Send the request with this number again, to this backend or, without one, as it is balanced.
    Replay(RequestNumber, Option<BackendId>),
    /// Turn mouse capture on, or leave the mouse to the terminal.
    Mouse(bool),
    /// Write this into a file.
    Export(Export),
    /// Give the terminal back to the shell until the program is continued.
    Suspend,
    /// Notify a user who is not looking, in this way.
    Notify(Notify, String),
    /// Leave the screen, and let the engine run on without one.
    Detach,
    /// Leave the screen; an engine in this process ends too.
    Quit,
}
