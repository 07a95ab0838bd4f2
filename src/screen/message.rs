//! The inputs of the screen's update function, and the effects it returns.

use crossterm::event::{KeyEvent, MouseEvent};
use std::sync::Arc;
use std::time::SystemTime;
use stickylb::api::{
    Command, CommandError, Done, Event, Heads, Replayed, RequestNumber, Snapshot, SurviveReport, ToReplay, WhatIf,
    WhatIfOptions,
};
use stickylb::untrusted::Untrusted;
use stickylb_convert::Engine;

use super::draft::Draft;
use super::notify::Notify;
use crate::learn::Lesson;
use crate::screen::export::Export;

/// An input of the update function.
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// A mouse event; only while mouse capture is on.
    Mouse(MouseEvent),
    /// The terminal was resized: columns and rows.
    Resized(u16, u16),
    /// The engine's current figures.
    Snapshot(Box<Snapshot>),
    /// A second has passed: the time and the current figures.
    Second(SystemTime, Box<Snapshot>),
    /// A frame of what moves is due, at this time. It changes nothing while nothing moves.
    Tick(SystemTime),
    /// New events, and how many events were dropped because they came too fast.
    Events(Vec<Arc<Event>>, u64),
    /// Text was pasted; it is inserted into an open prompt, never handled as keys.
    Paste(String),
    /// An export finished or failed, with one sentence for the footer.
    Exported(Result<String, String>),
    /// The heads of the request with this number; `None` if they are no longer kept.
    Heads(RequestNumber, Result<Option<Box<Heads>>, Untrusted<String>>),
    /// The result of a replay, or why the request was not sent again; the text of it if it was edited.
    Replayed(Result<Box<Replayed>, Untrusted<String>>, Option<Box<Draft>>),
    /// What `survive` has found; `None` if there was no run.
    Survived(Result<Option<Box<SurviveReport>>, Untrusted<String>>),
    /// What each strategy would have done, with these options.
    WhatIf(WhatIfOptions, Result<Box<WhatIf>, Untrusted<String>>),
    /// How many requests and tunnels are in flight, or why the engine could not be asked.
    InFlight(Result<u64, Untrusted<String>>),
    /// A request came back from the editor: its text, or why there is none.
    Edited(Box<Draft>, Result<Vec<u8>, String>),
    /// A command was carried out or failed.
    Done(Command, Result<Done, CommandError>),
    /// A lesson's file was saved: what it says now, or why it cannot be read.
    LessonRead(Result<Box<Lesson>, String>),
    /// The screen's arrangement could not be written, with one sentence for the footer.
    NotKept(String),
    /// The engine has ended or is unreachable, with the reason as one sentence.
    Ended(Untrusted<String>),
}

/// A sentence in the footer, shown until the next key; a success for some seconds at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Success.
    Done(String),
    /// Failure, with the reason.
    Trouble(String),
}

/// A side effect to carry out.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Send a command to the engine.
    Command(Command),
    /// Copy this text to the clipboard, then show the number of characters followed by this note. Text from the network
    /// must already be escaped as [`Untrusted`] does it, line breaks included.
    Copy(String, &'static str),
    /// Ask the engine how many requests and tunnels are in flight.
    AskInFlight,
    /// Fetch the heads of the request with this number.
    Heads(RequestNumber),
    /// Fetch what `survive` has found.
    SurviveReport,
    /// Ask what each strategy would have done.
    WhatIf(WhatIfOptions),
    /// Send a request again, and the text of it if it was edited.
    Replay(ToReplay, Option<Box<Draft>>),
    /// Give the terminal to the user's editor with this request.
    Edit(Box<Draft>),
    /// Turn mouse capture on or off.
    Mouse(bool),
    /// Export to a file.
    Export(Export),
    /// Write the configuration for another engine to a file.
    ExportConfig(Engine),
    /// Keep the screen's arrangement for the next start.
    Keep,
    /// Keep for the next start that the lesson of this number was passed.
    LessonPassed(u32),
    /// Restore the terminal and stop the job until the shell continues it.
    Suspend,
    /// Send a notification in this way.
    Notify(Notify, String),
    /// Close the screen and let the engine run without one.
    Detach,
    /// Close the screen; an engine in this process stops too.
    Quit,
}
