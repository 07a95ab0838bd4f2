//! What front ends may ask of the engine.

use serde::{Deserialize, Serialize};

use super::backend_state::Intent;
use super::sticky_by::StickyBy;
use super::strategy::Strategy;
use crate::untrusted::{Untrusted, joined};

/// The largest weight a backend may have.
pub const MAX_WEIGHT: u32 = 1000;

/// One thing to do. Everything that changes the engine's state goes through here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Command {
    /// Put a backend in service, let it drain, or take it out. It holds until another says otherwise.
    SetIntent {
        /// Whose.
        id: u32,
        /// What is wanted.
        intent: Intent,
    },
    /// Change a backend's weight until the program ends.
    SetWeight {
        /// Whose.
        id: u32,
        /// 0 to 1000.
        weight: u32,
    },
    /// Change how backends are chosen.
    SetStrategy {
        /// In which pool; in all of them where it is `None`.
        #[serde(default)]
        pool: Option<String>,
        /// The strategy from now on.
        strategy: Strategy,
    },
    /// Change what binds a client to its backend.
    SetSticky {
        /// In which pool; in all of them where it is `None`.
        #[serde(default)]
        pool: Option<String>,
        /// The mode from now on.
        by: StickyBy,
    },
    /// Check a backend now.
    CheckNow {
        /// Whose.
        id: u32,
    },
    /// Read the configuration file again and put it in force.
    Reload,
    /// Start one more demo backend, as a process of its own.
    SpawnDemo,
    /// Start the process of a backend again that was killed or died, on its old port.
    Restart {
        /// Whose.
        id: u32,
    },
    /// Kill the process of a backend at once, as a crash would, and leave it so.
    Kill {
        /// Whose.
        id: u32,
    },
    /// Begin to restart all processes one after the other, each when its clients have moved and the one before is UP
    /// again. How it goes is told in events.
    RestartAll,
}

/// Why a command was not carried out. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "camelCase")]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such backend.
    #[error("there is no backend with the id {id}")]
    UnknownBackend {
        /// The id that was asked for.
        id: u32,
    },
    /// There is no such pool.
    #[error("there is no pool with the name '{pool}'")]
    UnknownPool {
        /// The name that was asked for.
        pool: Untrusted<String>,
    },
    /// What its clients speak has nothing of the kind.
    #[error("clients cannot be bound by {} here: in TCP mode only by ip or off", by)]
    CannotStick {
        /// The mode that was asked for.
        by: StickyBy,
    },
    /// The weight is out of range.
    #[error("a weight is a whole number from 0 to {MAX_WEIGHT}")]
    BadWeight,
    /// There is no file to read.
    #[error("there is nothing to reload: this balancer was started without a configuration file")]
    NothingToReload,
    /// The configuration is no good.
    #[error("not reloaded, everything stays as it was: {}", joined(problems, "; "))]
    NotReloaded {
        /// Everything that is wrong with it.
        problems: Vec<Untrusted<String>>,
    },
    /// The backend was not started by this program.
    #[error("{name} was not started here: only demo backends and copies of a program can be killed and restarted")]
    NotSpawned {
        /// The backend's name.
        name: Untrusted<String>,
    },
    /// The process is running.
    #[error("{name} is running already")]
    Running {
        /// The backend's name.
        name: Untrusted<String>,
    },
    /// The process is not running.
    #[error("{name} is not running: press a to start it again")]
    NotRunning {
        /// The backend's name.
        name: Untrusted<String>,
    },
    /// A process could not be started.
    #[error("{name} did not start: {reason}")]
    SpawnFailed {
        /// The backend's name.
        name: Untrusted<String>,
        /// What the system said.
        reason: Untrusted<String>,
    },
    /// The engine is in another process, which cannot be asked.
    #[error("{reason}")]
    Unreachable {
        /// Why, as one sentence.
        reason: Untrusted<String>,
    },
    /// No backend was started by this program.
    #[error("nothing was started here that could be restarted")]
    NothingSpawned,
    /// The processes are being restarted.
    #[error("a rolling restart is under way: wait for its end")]
    Rolling,
}
