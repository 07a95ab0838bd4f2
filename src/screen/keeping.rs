//! Keeps the screen's arrangement for the next start. A thread of its own writes it: a disk may take for ever.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use stickylb::untrusted::Untrusted;
use tokio::sync::mpsc::UnboundedSender;

use super::arrangement::Arrangement;
use super::message::Message;

/// How long the end of the screen waits for the last write.
const GRACE: Duration = Duration::from_millis(500);

/// Where the arrangement is kept, and how it is written.
#[derive(Clone, Debug)]
pub(crate) struct Keep {
    pub(crate) path: PathBuf,
    pub(crate) write: fn(&Path, &Arrangement) -> io::Result<()>,
}

/// Where it is kept which lessons were passed, and how it is written.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) path: PathBuf,
    pub(crate) write: fn(&Path, u32) -> io::Result<()>,
}

/// Keeps the latest arrangement.
pub(crate) struct Keeper {
    /// For lessons; without it none is kept.
    pub(crate) record: Option<Record>,
    /// Disconnected when the last lesson is written.
    recorded: Option<Receiver<()>>,
    keep: Option<Keep>,
    tell: UnboundedSender<Message>,
    /// The thread, from the first change on.
    thread: Option<Writer>,
}

struct Writer {
    changes: Sender<Arrangement>,
    /// Disconnected when the last change is written.
    done: Receiver<()>,
}

impl Keeper {
    /// A failure is told once. Without `keep` nothing is kept.
    pub(crate) fn new(keep: Option<Keep>, tell: UnboundedSender<Message>) -> Self {
        Keeper { keep, tell, thread: None, record: None, recorded: None }
    }

    /// Has this arrangement written, without waiting.
    pub(crate) fn keep(&mut self, arrangement: Arrangement) {
        let Some(keep) = &self.keep else { return };
        let thread = self.thread.get_or_insert_with(|| Writer::start(keep.clone(), self.tell.clone()));
        // It fails where the thread could not be started.
        let _ = thread.changes.send(arrangement);
    }

    /// Has it written that this lesson was passed, without waiting.
    pub(crate) fn passed(&mut self, number: u32) {
        let Some(Record { path, write }) = self.record.clone() else { return };
        let tell = self.tell.clone();
        let (end, done) = channel();
        self.recorded = Some(done);
        let record = move || {
            let _end: Sender<()> = end;
            if let Err(error) = write(&path, number) {
                let path = Untrusted::new(path.display().to_string());
                let text = format!("that the lesson was passed is not kept: {path}: {error}");
                // The screen may be gone.
                let _ = tell.send(Message::NotKept(text));
            }
        };
        // Without a thread nothing is kept, and the screen goes on.
        let _ = thread::Builder::new().name("record".to_owned()).spawn(record);
    }

    /// Waits a moment for the last write.
    pub(crate) fn finish(self) {
        if let Some(recorded) = self.recorded {
            let _ = recorded.recv_timeout(GRACE);
        }
        let Some(Writer { changes, done }) = self.thread else { return };
        drop(changes);
        // Nothing is sent: it ends with the thread, or with the time.
        let _ = done.recv_timeout(GRACE);
    }
}

impl Writer {
    fn start(keep: Keep, tell: UnboundedSender<Message>) -> Self {
        let (changes, received) = channel();
        let (end, done) = channel();
        let write = move || {
            let _end = end;
            write_each(&keep, &received, &tell);
        };
        // Without a thread nothing is kept, and the screen goes on.
        let _ = thread::Builder::new().name("keeper".to_owned()).spawn(write);
        Writer { changes, done }
    }
}

/// Writes the latest change, until there are no more.
fn write_each(keep: &Keep, changes: &Receiver<Arrangement>, tell: &UnboundedSender<Message>) {
    let mut told = false;
    while let Ok(first) = changes.recv() {
        let latest = changes.try_iter().last().unwrap_or(first);
        if let (Err(error), false) = ((keep.write)(&keep.path, &latest), told) {
            told = true;
            let path = Untrusted::new(keep.path.display().to_string());
            // The screen may be gone.
            let _ = tell.send(Message::NotKept(format!("views are not kept for the next start: {path}: {error}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::unbounded_channel;

    #[test]
    fn a_failure_is_told_once_and_the_end_waits_for_the_last_write() {
        fn fail(_: &Path, _: &Arrangement) -> io::Result<()> {
            Err(io::ErrorKind::ReadOnlyFilesystem.into())
        }
        let (tell, mut told) = unbounded_channel();
        let mut keeper = Keeper::new(Some(Keep { path: "a/b".into(), write: fail }), tell);
        for _ in 0..3 {
            keeper.keep(Arrangement::default());
        }
        keeper.finish();
        let Ok(Message::NotKept(text)) = told.try_recv() else { panic!("nothing is told") };
        assert_eq!(text, "views are not kept for the next start: a/b: read-only filesystem or storage medium");
        assert!(told.try_recv().is_err());
    }
}
