//! The threads that write log lines.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;

use super::account::{Account, Trouble, watch};
use super::format::LogFormat;
use super::line::Lines;
use super::output::{Output, Unwritten, is_without_reader};
use stickylb::api::{Event, LogOutput};
use stickylb::{Balancer, EventReader};

/// Lines are written in batches this far apart when requests come fast.
const BATCH: Duration = Duration::from_millis(20);

/// How often an output that failed is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// How long the last lines may take to write at the end of the program.
const PATIENCE: Duration = Duration::from_secs(1);

/// A file that gets the log lines, beside stdout or the screen.
pub(crate) struct LogFile {
    path: PathBuf,
    format: LogFormat,
    /// The thread that has opened the file and waits for its task.
    thread: JoinHandle<()>,
    begin: oneshot::Sender<Task>,
}

impl LogFile {
    /// Opens the file for appending, on the thread that will write it, because opening can block for ever.
    pub(crate) async fn open(path: &Path, format: LogFormat) -> io::Result<Self> {
        let (tell, opened) = oneshot::channel();
        let (begin, task) = oneshot::channel::<Task>();
        let place = path.to_owned();
        let thread = spawn(move || {
            let (output, result) = match Output::file(&place) {
                Ok(output) => (Some(output), Ok(())),
                Err(error) => (None, Err(io::Error::new(error.kind(), format!("{}: {error}", place.display())))),
            };
            // The receiver may have been dropped, here and below.
            let _ = tell.send(result);
            if let (Some(output), Ok(task)) = (output, task.blocking_recv()) {
                task.run(output);
            }
        })?;
        opened.await.map_err(io::Error::other)??;
        Ok(LogFile { path: path.to_owned(), format, thread, begin })
    }

    /// Starts writing the engine's events from now on. Whenever `anew` is notified, looks whether the file is still the
    /// one at its path, and opens that one if not.
    pub(crate) fn start(self, engine: &Arc<Balancer>, anew: Arc<Notify>) -> io::Result<Log> {
        let (mut task, log) = task(engine, self.format, LogOutput::File, Some(self.path), self.thread)?;
        task.writer.anew = anew;
        // If this fails, the thread has ended, and there is nothing to write to.
        let _ = self.begin.send(task);
        Ok(log)
    }
}

/// A thread that writes log lines.
pub(crate) struct Log {
    thread: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    closed: Option<oneshot::Receiver<()>>,
    /// Reports the output's state to the engine.
    watching: AbortHandle,
}

impl Log {
    /// Starts writing to stdout.
    pub(crate) fn stdout(engine: &Arc<Balancer>, format: LogFormat) -> io::Result<Self> {
        let output = Output::stdout()?;
        let (begin, task_given) = oneshot::channel::<Task>();
        let thread = spawn(move || {
            if let Ok(task) = task_given.blocking_recv() {
                task.run(output);
            }
        })?;
        let (task, log) = task(engine, format, LogOutput::Stdout, None, thread)?;
        let _ = begin.send(task);
        Ok(log)
    }

    /// Resolves when the reader has closed the pipe, as in `stickylb-tui … | head`; otherwise never.
    pub(crate) async fn closed(&mut self) {
        if let Some(closed) = self.closed.take()
            && closed.await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// Has each thread write what is left and end; a blocked one is not waited for beyond `PATIENCE`.
pub(crate) async fn finish(logs: impl IntoIterator<Item = Log>) {
    let end = Instant::now() + PATIENCE;
    let threads: Vec<JoinHandle<()>> = logs
        .into_iter()
        .map(|log| {
            log.watching.abort();
            drop(log.stop);
            log.thread
        })
        .collect();
    while threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn spawn(run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("log".to_owned()).spawn(run)
}

fn task(
    engine: &Arc<Balancer>,
    format: LogFormat,
    of: LogOutput,
    path: Option<PathBuf>,
    thread: JoinHandle<()>,
) -> io::Result<(Task, Log)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (stop, stopped) = oneshot::channel();
    let (close, closed) = oneshot::channel();
    let reader = engine.events();
    let account = Arc::new(Account::new(reader.behind()));
    let watching = tokio::spawn(watch(Arc::clone(engine), of, path.clone(), Arc::clone(&account))).abort_handle();
    let lines = Lines::new(format);
    let writer =
        Writer { reader, lines, events: Vec::new(), account, path, told: 0, retry: None, anew: Arc::default() };
    Ok((Task { runtime, writer, stopped, close }, Log { thread, stop, closed: Some(closed), watching }))
}

/// The work of a log thread.
struct Task {
    runtime: tokio::runtime::Runtime,
    writer: Writer,
    stopped: oneshot::Receiver<()>,
    close: oneshot::Sender<()>,
}

impl Task {
    fn run(self, output: Output) {
        let Task { runtime, writer, stopped, close } = self;
        if runtime.block_on(writer.run(output, stopped)) == Writing::Close {
            // The program may be ending already.
            let _ = close.send(());
        }
    }
}

/// Whether to go on writing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    GoOn,
    /// The reader is gone.
    Close,
}

struct Writer {
    reader: EventReader,
    lines: Lines,
    events: Vec<Arc<Event>>,
    account: Arc<Account>,
    path: Option<PathBuf>,
    /// Lost lines that the output itself already reports.
    told: u64,
    /// When to try again after a failure.
    retry: Option<Instant>,
    /// Notified when the file may have been moved.
    anew: Arc<Notify>,
}

impl Writer {
    async fn run(mut self, mut output: Output, mut stopped: oneshot::Receiver<()>) -> Writing {
        if output.is_behind() {
            self.retry = Some(Instant::now());
        }
        loop {
            let retry = async {
                match self.retry {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            let stop = tokio::select! {
                biased;
                _ = &mut stopped => true,
                () = self.reader.wait() => false,
                () = retry => false,
                () = self.anew.notified() => {
                    output.look_again();
                    false
                }
            };
            if self.write_new(&mut output, stop) == Writing::Close {
                return Writing::Close;
            }
            if stop {
                return Writing::GoOn;
            }
            // The pause between batches ends early when the program does.
            if tokio::time::timeout(BATCH, &mut stopped).await.is_ok() {
                return self.write_new(&mut output, true);
            }
        }
    }

    /// Writes what came since the last time, and how many lines are missing. After a failure it waits for `retry`,
    /// except `at_the_end`.
    fn write_new(&mut self, output: &mut Output, at_the_end: bool) -> Writing {
        self.account.take(&mut self.reader, &mut self.events);
        if !at_the_end && self.retry.is_some_and(|at| Instant::now() < at) {
            self.account.lose(self.events.len() as u64);
            self.events.clear();
            return Writing::GoOn;
        }
        let lost = self.account.lost();
        let report = u64::from(lost > self.told);
        if report > 0 {
            self.lines.dropped(lost - self.told);
        }
        self.events.drain(..).for_each(|event| self.lines.event(&event));
        let all = self.lines.count();
        self.account.begin_write();
        let written = output.write(self.lines.text());
        self.lines.clear();
        match written {
            Ok(()) => {
                self.told = lost;
                self.retry = None;
                self.account.end_write(None);
                Writing::GoOn
            }
            Err(Unwritten { error, .. }) if output.is_over(&error) => Writing::Close,
            Err(Unwritten { lost: unwritten, error }) => {
                // The first line only reports earlier losses; if it was not written, it is no lost log line itself.
                if unwritten < all {
                    self.told = lost;
                    self.account.lose(unwritten);
                } else {
                    self.account.lose(unwritten - report);
                }
                self.retry = Some(Instant::now() + RETRY);
                let is_unread = self.path.as_deref().is_some_and(|path| is_without_reader(&error, path));
                self.account.end_write(Some(if is_unread { Trouble::Unread } else { Trouble::Failed(error) }));
                Writing::GoOn
            }
        }
    }
}
