//! The two threads of a run. The control thread runs the engine's tasks and takes signals. The main thread does for it
//! whatever may wait for a terminal, and may stand still for ever: nothing else does.

use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::layers::UsageError;
use super::say::{complain, status};

/// How long the main thread may take to come back from a terminal when the program is to end.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// What the main thread does.
enum Work {
    Do(Box<dyn FnOnce() + Send>),
    End(Result<(), UsageError>),
}

/// The main thread, for the control thread.
#[derive(Clone)]
pub(super) struct MainThread {
    work: Sender<Work>,
    /// It has been waited for in vain.
    stuck: Arc<AtomicBool>,
}

impl MainThread {
    /// Has it do something, after all that it was given before. The receiver tells what came of it.
    pub(super) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
        let (tell, told) = oneshot::channel();
        // Nobody may wait for it.
        let work = Box::new(move || drop(tell.send(work())));
        // It takes work until it is told of the end.
        let _ = self.work.send(Work::Do(work));
        told
    }

    /// Has it write lines on standard error.
    pub(super) fn complain(&self, lines: String) {
        drop(self.run(move || complain(&lines)));
    }

    /// Waits for what it was given, as long as a program that ends may be held up; `None` where that was in vain.
    #[cfg(feature = "tui")]
    pub(super) async fn finish<T>(&self, told: &mut oneshot::Receiver<T>) -> Option<T> {
        let done = tokio::time::timeout(GRACE, told).await.ok().and_then(Result::ok);
        if done.is_none() {
            self.stuck.store(true, Relaxed);
        }
        done
    }
}

/// Runs a program on the control thread until it ends, while this thread, which is the main one, works for it.
pub(super) fn run<F>(serve: impl FnOnce(MainThread) -> F + Send + 'static) -> Result<ExitCode, UsageError>
where
    F: Future<Output = Result<(), UsageError>>,
{
    let (give, work) = channel();
    let main = MainThread { work: give, stuck: Arc::default() };
    let control = thread::Builder::new().name("control".to_owned()).spawn(move || {
        let done = control(serve, main.clone());
        let status = done.as_ref().map_or_else(status, |()| 0);
        // The main thread ends the program, unless it stands before a terminal that takes nothing.
        let _ = main.work.send(Work::End(done));
        if !main.stuck.load(Relaxed) {
            thread::sleep(GRACE);
        }
        #[cfg(feature = "tui")]
        crate::screen::give_back();
        std::process::exit(status.into());
    });
    let control = control.map_err(cannot_start)?;
    for work in work {
        match work {
            Work::Do(work) => work(),
            Work::End(done) => return done.map(|()| ExitCode::SUCCESS),
        }
    }
    // It is gone without a word: it panicked.
    complain("stickylb-tui met a bug of its own and ended: please report it with what you did");
    let Err(panic) = control.join();
    std::panic::resume_unwind(panic)
}

fn control<F>(serve: impl FnOnce(MainThread) -> F, main: MainThread) -> Result<(), UsageError>
where
    F: Future<Output = Result<(), UsageError>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot_start)?;
    let done = runtime.block_on(serve(main));
    // Neither a resolver nor a disk that hangs must hold up the end.
    runtime.shutdown_background();
    done
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub(super) fn cannot_start(error: io::Error) -> UsageError {
    UsageError::Failed(format!("cannot start: {error}"))
}
