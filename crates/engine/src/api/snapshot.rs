//! How things stand at one moment: all that a front end shows.

use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

use super::backend_counts::BackendCounts;
use super::backend_state::{Intent, State};
use super::decision::RouteTaken;
use super::log_output::LogView;
use super::mode::Mode;
use super::percentiles::Percentiles;
use super::sticky_by::StickyBy;
use super::strategy::Strategy;
use super::warning::Warning;
use crate::untrusted::Untrusted;

/// Where clients come in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListenerView {
    /// The URL to open; `tcp://…` where raw connections are passed on.
    pub url: Untrusted<String>,
    /// What it speaks.
    pub mode: Mode,
    /// The pool of what takes no route.
    pub pool: Untrusted<String>,
    /// The routes, in words: what each matches, and its pool.
    pub routes: Vec<RouteTaken>,
}

/// One pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PoolView {
    /// Its name; `default` where the configuration has no `pools`.
    pub name: Untrusted<String>,
    /// What its clients speak.
    pub mode: Mode,
    /// How backends are chosen.
    pub strategy: Strategy,
    /// What binds a client to its backend.
    pub sticky: StickyBy,
    /// What else could: the modes that `t` steps through.
    pub sticky_modes: Vec<StickyBy>,
}

/// How things stand at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Snapshot {
    /// Where it listens, in the order of the configuration.
    pub listeners: Vec<ListenerView>,
    /// The pools, in the order of the configuration.
    pub pools: Vec<PoolView>,
    /// Every backend of every pool, in the order of the configuration.
    pub backends: Vec<BackendView>,
    /// All backends together.
    pub totals: Totals,
    /// Log lines lost because they came faster than they could be read.
    pub dropped: u64,
    /// What became of the log lines of each output: standard output, a file.
    #[serde(default)]
    pub logs: Vec<LogView>,
    /// Whether demo backends can be started.
    pub can_spawn: bool,
    /// What is wrong for now, beside the states of backends.
    pub warnings: Vec<Warning>,
}

impl Snapshot {
    /// The pool with this name.
    pub fn pool(&self, name: &str) -> Option<&PoolView> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// The first listener's URL, which is the one to open.
    pub fn url(&self) -> Untrusted<&str> {
        self.listeners.first().map(|listener| listener.url.borrowed()).unwrap_or_default()
    }
}

/// All backends together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Totals {
    /// Requests that have ended.
    pub requests: u64,
    /// Those of them that the balancer answered itself, by the first digit of their status, 1xx to 5xx.
    pub own_by_status: [u64; 5],
    /// Requests without their response's end yet.
    pub in_flight: u64,
    /// Requests of the last whole second.
    pub rate: u64,
    /// Requests of each of the last 60 whole seconds, the latest last.
    pub rates: Vec<u64>,
    /// Response times of the last ten seconds, in microseconds.
    pub latency: Percentiles,
    /// Share of the last ten seconds' requests that ended with a 5xx, from 0 to 1; `None` without requests.
    pub error_share: Option<f64>,
    /// Clients' connections, tunnels included.
    pub connections: u64,
    /// Tunnels: WebSockets and other upgrades.
    pub tunnels: u64,
}

/// One check's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CheckMark {
    /// When it began.
    #[serde(with = "crate::api::timestamp")]
    pub time: SystemTime,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// Whether it passed.
    pub passed: bool,
    /// What it found: `GET / 503`, `exit 1: no database`.
    pub reason: Untrusted<String>,
}

impl CheckMark {
    /// A check that began then and took so long.
    pub fn new(time: SystemTime, took: Duration, passed: bool, reason: impl Into<Untrusted<String>>) -> Self {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        CheckMark { time, micros, passed, reason: reason.into() }
    }
}

/// The process of a backend that this program started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Spawned {
    /// Its process id while it runs.
    pub pid: Option<u32>,
}

impl Spawned {
    /// A process with this id; `None` where it has ended.
    pub const fn new(pid: Option<u32>) -> Self {
        Spawned { pid }
    }
}

/// One backend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BackendView {
    /// Unique id.
    pub id: u32,
    /// Short name.
    pub name: Untrusted<String>,
    /// Its pool's name.
    pub pool: Untrusted<String>,
    /// Address as a URL.
    pub url: Untrusted<String>,
    /// Address as the table shows it.
    pub address: Untrusted<String>,
    /// What it is doing.
    pub state: State,
    /// For how long, in whole seconds.
    pub state_seconds: u64,
    /// For how many more seconds it is ejected, where it is.
    pub ejected_seconds: Option<u64>,
    /// What a person wants of it.
    pub intent: Intent,
    /// Its weight.
    pub weight: u32,
    /// How much of its weight counts now, in per cent: less than all of it while it starts slowly after a recovery.
    pub percent: u32,
    /// Whether it takes clients only while no other is up.
    pub backup: bool,
    /// Requests it was given.
    pub requests: u64,
    /// The same by the first digit of their status, 1xx to 5xx.
    pub by_status: [u64; 5],
    /// What else is counted of it.
    #[serde(rename = "tallied")]
    pub counts: BackendCounts,
    /// Requests of the last whole second.
    pub rate: u64,
    /// Requests of each of the last 60 whole seconds, the latest last.
    pub rates: Vec<u64>,
    /// Requests and tunnels it has now.
    pub active: u32,
    /// Requests that wait for a place there, because it is full.
    pub queued: u32,
    /// Tunnels it has now.
    pub tunnels: u32,
    /// Sticky cookies given out for it, less those of clients moved away; by another key, those seen lately.
    pub sessions: u64,
    /// Response times of the last ten seconds, in microseconds.
    pub latency: Percentiles,
    /// Answers of the last ten seconds by their time: the first below 8 µs, each of the others below twice the one before.
    pub histogram: Vec<u64>,
    /// How it is checked, in words.
    pub check: Untrusted<String>,
    /// Tries that ended without an answer or with a 5xx, those repeated elsewhere included.
    pub errors: u64,
    /// The last checks, the latest last.
    pub checks: Vec<CheckMark>,
    /// Share of its pool's new clients it should get, from 0 to 1.
    pub expected_share: f64,
    /// Share of its pool's requests of the last ten seconds it got, from 0 to 1; `None` without requests.
    pub actual_share: Option<f64>,
    /// Its process, where this program started it.
    pub spawned: Option<Spawned>,
}
