//! Watches a lesson's file, so that saving it reads it again.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::source::of_file;
use crate::learn::Lesson;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(300);

/// What is read of it each time it is saved, or why it cannot be read. Ends with the receiver. Must be called on a tokio runtime.
pub(super) fn watch(path: PathBuf) -> UnboundedReceiver<Result<Box<Lesson>, String>> {
    let (tell, told) = unbounded_channel();
    tokio::spawn(follow(path, tell));
    told
}

async fn follow(path: PathBuf, tell: UnboundedSender<Result<Box<Lesson>, String>>) {
    let mut known = stamp(&path).await;
    let mut last = known;
    while !tell.is_closed() {
        tokio::time::sleep(LOOK).await;
        let now = stamp(&path).await;
        // Read once it stands still, and not while an editor has it away.
        let is_still = now == last && now.is_some();
        last = now;
        if !is_still || now == known {
            continue;
        }
        known = now;
        let file = path.clone();
        let read = tokio::task::spawn_blocking(move || of_file(&file)).await;
        let Ok(read) = read else { return };
        let read = read.map(Box::new).map_err(|error| {
            let problems = error.problems();
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            match problems.len() {
                0 | 1 => first,
                count => format!("{first} (and {} more)", count - 1),
            }
        });
        if tell.send(read).is_err() {
            return;
        }
    }
}

/// When the file was saved last, and its size; `None` while there is none.
async fn stamp(path: &std::path::Path) -> Option<(SystemTime, u64)> {
    let path = path.to_owned();
    let about = tokio::task::spawn_blocking(move || std::fs::metadata(path)).await.ok()?.ok()?;
    Some((about.modified().ok()?, about.len()))
}
