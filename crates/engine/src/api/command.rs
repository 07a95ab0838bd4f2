//! What may be asked of a running balancer.

use serde::{Deserialize, Serialize};

use super::backend_state::Intent;
use super::chaos::Chaos;
use super::ids::BackendId;
use super::sticky_by::StickyBy;
use super::strategy::Strategy;
use super::survive::SurviveOptions;
use super::traffic::TrafficOptions;
use crate::untrusted::{Untrusted, joined};

/// The largest weight a backend may have; the least is 0, which gets no new clients.
pub const MAX_WEIGHT: u32 = 1000;

/// One thing to do, given to [`Balancer::command`](crate::Balancer::command). Everything that changes a running balancer is
/// one of these, or a [reload](crate::Balancer::reload).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Command {
    /// Put a backend in service, let it drain, or take it out. It holds until another says otherwise.
    SetIntent {
        /// The backend's id.
        id: BackendId,
        /// What is wanted.
        intent: Intent,
    },
    /// Change a backend's weight, until it is changed again, here or by a configuration that has another.
    SetWeight {
        /// The backend's id.
        id: BackendId,
        /// From 0 to [`MAX_WEIGHT`].
        weight: u32,
    },
    /// Change how backends are chosen.
    SetStrategy {
        /// The pool's name; `None` is all of them.
        #[serde(default)]
        pool: Option<String>,
        /// The strategy from now on.
        strategy: Strategy,
    },
    /// Change what binds a client to its backend.
    SetSticky {
        /// The pool's name; `None` is all that can be bound so.
        #[serde(default)]
        pool: Option<String>,
        /// The mode from now on.
        by: StickyBy,
    },
    /// Count [`Fairness`](super::Fairness) anew from now on, in every pool, and keep the figures until now to compare with.
    Baseline,
    /// Check a backend now, not only when its interval is over.
    CheckNow {
        /// The backend's id.
        id: BackendId,
    },
    /// Read the configuration from its [source](crate::Options::source) again and apply it.
    Reload,
    /// Start one more demo backend, as a process of its own, in the first pool that speaks HTTP.
    SpawnDemo,
    /// Start the process of a backend again, on its old port. One that runs is restarted as by
    /// [`RestartAll`](Command::RestartAll), which only begins with this command.
    Restart {
        /// The backend's id.
        id: BackendId,
    },
    /// Kill the process of a backend at once, as a crash would, and leave it so.
    Kill {
        /// The backend's id.
        id: BackendId,
    },
    /// Begin to restart all processes one after the other, each when its clients have moved and the one before is UP
    /// again (a rolling restart). It returns at once; how it goes is told in [`Notice`](super::Notice)s.
    RestartAll,
    /// Watch one more alert, beside those of the configuration and in place of the one set so before, or none.
    SetAlert {
        /// Such as `p95>500ms for=10s`; `None` ends the one that was set so.
        when: Option<String>,
    },
    /// Keep the bodies of requests and responses beside their heads, the first 16 KiB of each, or forget all of
    /// them but the first 4 KiB of each response's, which a replay compares. It is off at the start, and again when the last
    /// front end leaves.
    KeepBodies {
        /// Whether they are kept from now on.
        on: bool,
    },
    /// Find out whether the app behind a pool survives more than one copy: record what passes, or read a HAR file, until
    /// [`SurviveReport`](Command::SurviveReport). With a HAR file the tests begin by themselves. It returns at once; how far
    /// it is stands in [`Snapshot::survive`](super::Snapshot::survive).
    Survive(SurviveOptions),
    /// Stop recording, and test what was recorded. It returns at once; the report is
    /// [`EngineHandle::survive_report`](super::EngineHandle::survive_report)'s when the stage is `Ended`.
    SurviveReport,
    /// Stop it where it is. What was found so far is a report that says so.
    SurviveStop,
    /// Send traffic to this balancer's own first HTTP listener. Where traffic is on and only the rate or the number of clients
    /// differs, it goes on with what was counted, and ends when it was to end; else it begins anew.
    Traffic(TrafficOptions),
    /// End the traffic. What is in flight is waited for.
    TrafficOff,
    /// Let a backend have a fault, in place of the one it has.
    SetChaos {
        /// The backend's id.
        id: BackendId,
        /// The fault.
        chaos: Chaos,
    },
    /// End the fault of a backend, or all faults.
    ChaosOff {
        /// The backend's id; `None` is all.
        #[serde(default)]
        id: Option<BackendId>,
    },
    /// Take back the last change of an intent, a weight, a strategy, a fault or of stickiness, by any front end; the one before with
    /// the next. At most 100 are remembered.
    Undo,
}

/// What a command did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Done {
    /// It in a few words, such as `alpha has the weight 3`. Empty from a balancer of a version that did not say.
    #[serde(default)]
    pub said: Untrusted<String>,
    /// How many more changes could be taken back; only after [`Command::Undo`].
    #[serde(default)]
    pub more: Option<usize>,
}

impl Done {
    /// Done, in these words.
    pub fn new(said: impl Into<Untrusted<String>>) -> Self {
        Done { said: said.into(), more: None }
    }
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
        id: BackendId,
    },
    /// There is no such pool.
    #[error("there is no pool with the name '{pool}'")]
    UnknownPool {
        /// The name that was asked for.
        pool: Untrusted<String>,
    },
    /// A client cannot be bound so in any of the pools that were meant: raw connections have an address and nothing else.
    #[error("clients cannot be bound by {} here: in TCP mode only by ip or off", by)]
    CannotStick {
        /// The mode that was asked for.
        by: StickyBy,
    },
    /// The alert cannot be watched.
    #[error("{reason}")]
    BadAlert {
        /// What is wrong and what to write, as one sentence.
        reason: Untrusted<String>,
    },
    /// The weight is larger than [`MAX_WEIGHT`].
    #[error("a weight is a whole number from 0 to {MAX_WEIGHT}")]
    BadWeight,
    /// The balancer has no [source](crate::Options::source) to read from.
    #[error("there is nothing to reload: this balancer was started without a configuration file")]
    NothingToReload,
    /// The configuration has problems, or cannot be applied as a whole.
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
    /// No change is left to take back.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// The process is not running.
    #[error("{name} is not running: restart starts it again")]
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
    /// It was asked for over a connection that only watches.
    #[error("this screen only watches")]
    OnlyWatches,
    /// Bodies cannot be kept while no front end is there that could show them.
    #[error("there is no screen that bodies could be kept for: start one first, or attach one")]
    NoScreen,
    /// A run of `survive` is under way.
    #[error("survive is at work already: 'survive report' ends the watch, 'survive stop' all of it")]
    SurviveUnderWay,
    /// No run of `survive` is under way.
    #[error("survive is not at work: start it first")]
    SurviveNotUnderWay,
    /// A run of `survive` cannot begin.
    #[error("{reason}")]
    CannotSurvive {
        /// Why, and what to do, as one sentence.
        reason: Untrusted<String>,
    },
    /// The traffic cannot be sent.
    #[error("{reason}")]
    CannotSendTraffic {
        /// Why, and what to do, as one sentence.
        reason: Untrusted<String>,
    },
    /// The backend cannot have this fault.
    #[error("{reason}")]
    CannotHaveChaos {
        /// Why, and what to do, as one sentence.
        reason: Untrusted<String>,
    },
    /// No backend was started by this program.
    #[error("nothing was started here that could be restarted")]
    NothingSpawned,
    /// The processes are being restarted.
    #[error("a rolling restart is under way: wait for its end")]
    Rolling,
}
