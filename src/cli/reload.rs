//! Reloads the configuration file when it changes, and on SIGHUP.

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

/// Editors save a file in several steps; it is read once it has been left alone for this long.
const QUIET: Duration = Duration::from_millis(200);

/// How long reading it again may take; a named pipe can block.
const PATIENCE: Duration = Duration::from_secs(5);

/// The configuration file, and how to read it again with the command line's options on top.
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

    /// What the engine calls to read the file again.
    pub(super) fn source(&self) -> Source {
        self.source.clone()
    }
}

/// Reloads the file on changes, and on SIGHUP if there is no screen, until dropped.
pub(super) struct Follower {
    task: JoinHandle<()>,
}

impl Follower {
    /// Begins to follow the file. If it cannot be watched, adds a warning.
    pub(super) fn new(
        Followed { file, .. }: Followed,
        engine: &Arc<Balancer>,
        signals: &mut Signals,
        screen: bool,
        warnings: &mut Vec<String>,
    ) -> Self {
        let (asked, changed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        if !screen {
            // With a screen, SIGHUP means that its terminal is gone.
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
    // Watches until dropped.
    _watcher: Option<RecommendedWatcher>,
) {
    let mut read = match contents(&file).await {
        Ok(bytes) => bytes,
        Err(error) => {
            // Root read it at the start; this user may not.
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
                // It was only touched, or is missing for a moment.
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

/// The contents of a regular file. Anything else is read only on a reload: reading a pipe consumes it, and may block.
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
        // Reads are events too, and are ignored. An error of the watcher counts as a change.
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
