//! Reloads the configuration file when it changes, and on SIGHUP.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::args::{Args, Settings};
use super::layers;
use super::watched::Watched;
use stickylb::api::Command;
use stickylb::{Balancer, Source};

/// How long reading it again may take; a named pipe can block.
const PATIENCE: Duration = Duration::from_secs(5);

/// The configuration file, and how to read it again with the command line's options on top.
pub(super) struct Followed {
    file: Watched,
    source: Source,
}

impl Followed {
    /// `None` where the configuration comes from the command line alone. To be called before the file is read to start
    /// with it: what changes in between is read again.
    pub(super) fn of(args: &Args) -> Option<Self> {
        let file = layers::file(args)?;
        let args = args.clone();
        let source = Source::new(move || layers::config(&args, Some(PATIENCE)).map_err(|error| error.problems()));
        Some(Followed { file: Watched::new(file), source })
    }

    /// The same for `run`.
    pub(super) fn beside_copies(options: &Settings) -> Option<Self> {
        let file = options.config.clone()?;
        let options = options.clone();
        let source =
            Source::new(move || layers::beside_copies(&options, Some(PATIENCE)).map_err(|error| error.problems()));
        Some(Followed { file: Watched::new(file), source })
    }

    /// What the engine calls to read the file again.
    pub(super) fn source(&self) -> Source {
        self.source.clone()
    }
}

/// Reloads the file on changes, and when asked to, until dropped.
pub(super) struct Follower {
    task: JoinHandle<()>,
}

impl Follower {
    /// Begins to follow the file. It is also read again whenever `asked` is notified.
    pub(super) fn new(Followed { file, .. }: Followed, engine: &Arc<Balancer>, asked: Arc<Notify>) -> Self {
        Follower { task: tokio::spawn(follow(Arc::clone(engine), file, asked)) }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(engine: Arc<Balancer>, mut file: Watched, asked: Arc<Notify>) {
    if let Err(error) = file.try_read().await {
        // Root read it at the start; this user may not.
        engine.warn(format!("{file} cannot be read any more, so that no change of it counts: {error}"));
    }
    loop {
        tokio::select! {
            () = asked.notified() => {}
            () = file.changed() => {}
        }
        if let Err(error) = engine.command(Command::Reload).await {
            engine.warn(error.to_string());
        }
    }
}
