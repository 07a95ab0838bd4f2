//! What happens to the screen, and what it wants done.

use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::engine::{Command, CommandError, Event, Snapshot};

/// Something that happened.
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has another size.
    Resized,
    /// How things stand now.
    Snapshot(Box<Snapshot>),
    /// What happened since the last time, and how many events were missed.
    Events(Vec<Arc<Event>>, u64),
    /// A command was carried out, or not.
    Done(Result<(), CommandError>),
}

/// Something to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the engine.
    Command(Command),
    /// End the program.
    Quit,
}
