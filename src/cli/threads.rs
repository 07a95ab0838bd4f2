//! The two threads of a run. The control thread runs the engine's tasks and handles signals. The main thread does
//! everything that may block on the terminal, possibly for ever.

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

/// How long the main thread may stay blocked on the terminal at the end of the program.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// Work for the main thread.
enum Work {
    Do(Box<dyn FnOnce() + Send>),
    End(Result<(), UsageError>),
}

/// The control thread's handle to the main thread.
#[derive(Clone)]
pub(super) struct MainThread {
    work: Sender<Work>,
    /// The main thread did not finish in time.
    stuck: Arc<AtomicBool>,
}

impl MainThread {
    /// Queues work for the main thread. The receiver gets its result.
    pub(super) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
        let (tell, told) = oneshot::channel();
        // The receiver may be dropped.
        let work = Box::new(move || drop(tell.send(work())));
        // The main thread takes work until `Work::End`.
        let _ = self.work.send(Work::Do(work));
        told
    }

    /// Has the main thread write lines to standard error.
    pub(super) fn complain(&self, lines: String) {
        drop(self.run(move || complain(&lines)));
    }

    /// Waits at most `GRACE` for a result; `None` if it does not come.
    #[cfg(feature = "tui")]
    pub(super) async fn finish<T>(&self, told: &mut oneshot::Receiver<T>) -> Option<T> {
        let done = tokio::time::timeout(GRACE, told).await.ok().and_then(Result::ok);
        if done.is_none() {
            self.stuck.store(true, Relaxed);
        }
        done
    }
}

/// Runs `serve` on the control thread until it ends; meanwhile this thread, the main one, does the queued work.
pub(super) fn run<F>(serve: impl FnOnce(MainThread) -> F + Send + 'static) -> Result<ExitCode, UsageError>
where
    F: Future<Output = Result<(), UsageError>>,
{
    let (give, work) = channel();
    let main = MainThread { work: give, stuck: Arc::default() };
    let control = thread::Builder::new().name("control".to_owned()).spawn(move || {
        let done = control(serve, main.clone());
        let status = done.as_ref().map_or_else(status, |()| 0);
        // Usually the main thread ends the program; it cannot while the terminal blocks it.
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
    // The control thread ended without `Work::End`: it panicked.
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
    // A hanging resolver or disk must not delay the end.
    runtime.shutdown_background();
    done
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub(super) fn cannot_start(error: io::Error) -> UsageError {
    UsageError::Failed(format!("cannot start: {error}"))
}
