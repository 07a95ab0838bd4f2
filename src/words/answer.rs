//! What is said when a command is done.

use stickylb::api::Done;

/// What a command did, in a few words; `undo` is how one takes back more.
pub(crate) fn answer(done: &Done, undo: &str) -> String {
    let said = if done.said.is_empty() { "done".to_owned() } else { done.said.to_string() };
    match done.more {
        None | Some(0) => said,
        Some(more) => format!("{said} ({undo} again: {more} more)"),
    }
}
