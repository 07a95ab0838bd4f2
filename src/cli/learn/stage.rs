//! The balancer of a lesson: a port and demo backends of its own.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::chats::Chats;
use super::words::Staged;
use crate::cli::layers::UsageError;
use crate::learn::Lesson;
use stickylb::config::{BackendLimits, Config};
use stickylb::{Balancer, Options};

/// How long requests in flight are waited for at the end: they are the lesson's own.
const PATIENCE: Duration = Duration::from_secs(1);

/// A balancer that serves, and who chats over it.
pub(super) struct Stage {
    pub(super) engine: Arc<Balancer>,
    /// They leave when this is dropped.
    _chats: Chats,
}

/// What is drawn by: what the command line says, else the lesson, else the clock.
pub(super) fn seed(lesson: &Lesson, staged: Staged) -> u64 {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.subsec_nanos().into());
    staged.seed.or(lesson.seed).unwrap_or_else(clock)
}

/// Starts the lesson's balancer, on any free port unless one is named.
pub(super) async fn start(lesson: &Lesson, seed: u64, staged: Staged) -> Result<Stage, UsageError> {
    let mut options = Options::default();
    options.program = std::env::current_exe().ok();
    options.demo_backends = lesson.backends;
    options.demo_limits = limits(lesson);
    let engine = Arc::new(Balancer::start(config(lesson, seed, staged), options).await?);
    let chats = Chats::start(engine.address(), lesson.chats);
    Ok(Stage { engine, _chats: chats })
}

fn config(lesson: &Lesson, seed: u64, staged: Staged) -> Config {
    let settings = lesson.settings;
    let mut config = Config::new(Vec::new());
    for listener in &mut config.listeners {
        listener.port = staged.port.unwrap_or(0);
    }
    config.seed = Some(seed);
    config.timeouts.shutdown = PATIENCE;
    let set = |into: &mut Duration, millis: u64| {
        if millis > 0 {
            *into = Duration::from_millis(millis);
        }
    };
    set(&mut config.timeouts.response, settings.response_timeout);
    for pool in &mut config.pools {
        set(&mut pool.health.passive.eject_for, settings.eject_for);
        if settings.eject_for > 0 {
            pool.health.passive.statuses = "500-599".parse().unwrap_or_default();
        }
        if settings.check_interval > 0 {
            pool.health.interval = Some(Duration::from_millis(settings.check_interval));
        }
    }
    config
}

fn limits(lesson: &Lesson) -> BackendLimits {
    let settings = lesson.settings;
    let mut limits = BackendLimits::default();
    (limits.max_connections, limits.max_queue) = (settings.max_connections, settings.max_queue);
    if settings.queue_timeout > 0 {
        limits.queue_timeout = Duration::from_millis(settings.queue_timeout);
    }
    limits
}
