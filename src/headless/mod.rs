//! The engine without a screen: one line for each request and each change, on stdout or in a file.

mod line;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::cli::{LogFormat, Signals};
use line::Writer;
use stickylb::api::Event;
use stickylb::{Balancer, EventReader};

/// Lines are written in batches this far apart when requests come fast.
const BATCH: Duration = Duration::from_millis(20);

/// How long the last lines may take to write.
const PATIENCE: Duration = Duration::from_secs(1);

/// A file that gets the log lines, beside stdout or the screen.
pub(crate) struct LogFile {
    file: Option<File>,
    format: LogFormat,
}

impl LogFile {
    /// Opens the file for appending; without a path nothing is written.
    pub(crate) fn open(path: Option<&Path>, format: LogFormat) -> io::Result<Self> {
        let open = |path: &Path| {
            let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
            File::options().create(true).append(true).open(path).map_err(named)
        };
        Ok(LogFile { file: path.map(open).transpose()?, format })
    }

    /// Starts writing what the engine tells from now on.
    pub(crate) fn start(self, engine: &Balancer) -> io::Result<Option<Log>> {
        self.file.map(|file| Log::start(engine, file, self.format)).transpose()
    }
}

/// A thread that writes log lines. It has a thread of its own because writing may block: then lines are dropped
/// and counted, and nothing else is held up.
pub(crate) struct Log {
    thread: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    failed: Option<oneshot::Receiver<io::Error>>,
}

impl Log {
    /// Starts writing to stdout.
    pub(crate) fn stdout(engine: &Balancer, format: LogFormat) -> io::Result<Self> {
        Log::start(engine, io::stdout(), format)
    }

    fn start(engine: &Balancer, output: impl Write + Send + 'static, format: LogFormat) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (stop, stopped) = oneshot::channel();
        let (fail, failed) = oneshot::channel();
        let reader = engine.events();
        let writer = Writer::new(output, format);
        let thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            if let Err(error) = runtime.block_on(write(reader, writer, stopped)) {
                // Nobody listens where a file fails under a running screen; the log just ends there.
                let _ = fail.send(error);
            }
        })?;
        Ok(Log { thread, stop, failed: Some(failed) })
    }

    /// Resolves when the log can no longer be written.
    async fn failed(&mut self) -> io::Error {
        if let Some(failed) = self.failed.take()
            && let Ok(error) = failed.await
        {
            return error;
        }
        std::future::pending().await
    }

    /// Writes what there still is, and ends; a reader that takes nothing is not waited for.
    pub(crate) fn finish(self) {
        drop(self.stop);
        let begun = Instant::now();
        while !self.thread.is_finished() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

async fn write<W: Write>(
    mut reader: EventReader,
    mut writer: Writer<W>,
    mut stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let mut events = Vec::new();
    loop {
        let stop = tokio::select! {
            biased;
            () = reader.wait() => false,
            _ = &mut stopped => true,
        };
        write_new(&mut reader, &mut events, &mut writer)?;
        if stop {
            return Ok(());
        }
        // The end of the program is not waited out.
        if tokio::time::timeout(BATCH, &mut stopped).await.is_ok() {
            return write_new(&mut reader, &mut events, &mut writer);
        }
    }
}

/// Writes what came since the last time, and how much was missed.
fn write_new<W: Write>(
    reader: &mut EventReader,
    events: &mut Vec<Arc<Event>>,
    writer: &mut Writer<W>,
) -> io::Result<()> {
    let missed = reader.take(events);
    events.drain(..).for_each(|event| writer.event(&event));
    writer.missed(missed, reader.dropped());
    writer.flush()
}

/// Waits until a signal ends the program, or nobody reads its lines any more.
pub(crate) async fn run(log: &mut Log, signals: &mut Signals) -> io::Result<()> {
    tokio::select! {
        () = signals.next() => Ok(()),
        // `stickylb-tui … | head` has seen enough: that is no failure.
        error = log.failed() => match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(error),
        },
    }
}
