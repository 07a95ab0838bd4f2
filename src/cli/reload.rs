//! Follows the configuration file: a change of it, or SIGHUP, has it read again.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::args::{Args, Settings};
use super::layers;
use crate::signals::Signals;
use stickylb::api::Command;
use stickylb::{Balancer, Source, config};

/// Editors write a file in several steps; it is read when nothing has happened to it for this long.
const QUIET: Duration = Duration::from_millis(200);

/// How long a file that is none, such as a named pipe, may take to be read again.
const PATIENCE: Duration = Duration::from_secs(5);

/// The configuration file, which is read again with the command line's words on top, as at the start.
pub(super) struct Followed {
    file: PathBuf,
    source: Source,
}

impl Followed {
    /// `None` where the configuration comes from the command line alone.
    pub(super) fn of(args: &Args) -> Option<Self> {
        let file = layers::file(args)?;
        let args = args.clone();
        let source = Source::new(move || layers::config(&args, Some(PATIENCE)).map_err(|error| error.problems()));
        Some(Followed { file, source })
    }

    /// The same for `run`.
    pub(super) fn beside_copies(options: &Settings) -> Option<Self> {
        let file = options.config.clone()?;
        let options = options.clone();
        let source =
            Source::new(move || layers::beside_copies(&options, Some(PATIENCE)).map_err(|error| error.problems()));
        Some(Followed { file, source })
    }

    /// Where the engine reads it.
    pub(super) fn source(&self) -> Source {
        self.source.clone()
    }
}

/// Reads the file again whenever it changes, and on SIGHUP where there is no screen. It ends when dropped.
pub(super) struct Follower {
    task: JoinHandle<()>,
}

impl Follower {
    /// Begins to follow the file. Where it cannot be watched, `warnings` says so.
    pub(super) fn new(
        Followed { file, .. }: Followed,
        engine: &Arc<Balancer>,
        signals: &mut Signals,
        screen: bool,
        warnings: &mut Vec<String>,
    ) -> Self {
        let (asked, changed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        if !screen {
            // Under a screen SIGHUP says that its terminal is gone.
            signals.reload_on_hangup(Arc::clone(&asked));
        }
        let watcher = watch(&file, Arc::clone(&changed))
            .map_err(|error| {
                let file = file.display();
                warnings.push(format!("{file} is not watched ({error}): stickylb-tui ctl reload has it read again"));
            })
            .ok();
        Follower { task: tokio::spawn(follow(Arc::clone(engine), file, asked, changed, watcher)) }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(
    engine: Arc<Balancer>,
    file: PathBuf,
    asked: Arc<Notify>,
    changed: Arc<Notify>,
    // Watches for as long as it lives.
    _watcher: Option<RecommendedWatcher>,
) {
    let mut read = match contents(&file).await {
        Ok(bytes) => bytes,
        Err(error) => {
            // It was read by root.
            let file = file.display();
            engine.warn(format!("{file} cannot be read any more, so that no change of it counts: {error}"));
            None
        }
    };
    loop {
        tokio::select! {
            () = asked.notified() => {}
            () = changed.notified() => {
                while tokio::time::timeout(QUIET, changed.notified()).await.is_ok() {}
                let now = contents(&file).await.ok().flatten();
                // Touched, or taken away for a moment: there is nothing new in it.
                if now.is_none() || now == read {
                    continue;
                }
                read = now;
            }
        }
        if let Err(error) = engine.command(Command::Reload).await {
            engine.warn(error.to_string());
        }
    }
}

/// What a regular file holds. Any other is read when that is asked for: reading it uses it up, and may take its time.
async fn contents(file: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = file.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let is_file = std::fs::metadata(&file)?.is_file();
        is_file.then(|| config::read_file(&file, Some(PATIENCE))).transpose()
    });
    read.await.unwrap_or_else(|lost| Err(lost.into()))
}

/// Watches the folder, because editors put a new file in the place of the old one.
fn watch(file: &Path, changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = file.file_name().map(ToOwned::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the file is an event too. What cannot be told apart counts as a change.
        let concerns = |event: &notify::Event| {
            !event.kind.is_access() && event.paths.iter().any(|path| path.file_name() == name.as_deref())
        };
        if event.as_ref().map_or(true, concerns) {
            changed.notify_one();
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
