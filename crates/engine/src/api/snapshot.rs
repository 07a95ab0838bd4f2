//! How things stand at one moment: all that a front end shows.

use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

use super::alert::AlertView;
use super::backend_counts::BackendCounts;
use super::backend_state::{Intent, State};
use super::chaos::ChaosView;
use super::decision::RouteTaken;
use super::fairness::Fairness;
use super::ids::BackendId;
use super::log_output::LogView;
use super::mark::Mark;
use super::mode::Mode;
use super::percentiles::Percentiles;
use super::sticky_by::StickyBy;
use super::strategy::Strategy;
use super::survive::SurviveView;
use super::traffic_view::TrafficView;
use super::warning::Warning;
use crate::untrusted::Untrusted;

/// A port that clients connect to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListenerView {
    /// The URL to open; `tcp://…` where raw connections are passed on.
    pub url: Untrusted<String>,
    /// What it speaks.
    pub mode: Mode,
    /// The pool of what matches no route and no pool's name; `None` where that is answered 404.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Untrusted<String>>,
    /// The routes, in the order in which they are tried.
    pub routes: Vec<RouteTaken>,
    /// Where it speaks TLS with certificates that are made here: the PEM file of the authority that signs them, for clients that
    /// are to trust it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Untrusted<String>>,
}

/// A group of backends that stand in for each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PoolView {
    /// Its name; `default` where the configuration has no `pools`.
    pub name: Untrusted<String>,
    /// What its clients speak.
    pub mode: Mode,
    /// The URLs of its names, such as `http://app.localhost:3001`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<Untrusted<String>>,
    /// How backends are chosen.
    pub strategy: Strategy,
    /// What binds a client to its backend.
    pub sticky: StickyBy,
    /// The name of the cookie that binds them; `None` where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky_cookie: Option<Untrusted<String>>,
    /// What else could, the present one among them: the modes that `t` steps through on the screen.
    pub sticky_modes: Vec<StickyBy>,
    /// How many different keys were hashed in the last half minute to a minute, at most 100, where clients are chosen for by a
    /// hash: by the strategy `hash` or by any stickiness but the cookie. `None` where none is.
    #[serde(default)]
    pub keys_seen: Option<u32>,
    /// How evenly its requests were shared out since a baseline.
    #[serde(default)]
    pub fairness: Fairness,
}

/// How everything stands at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Snapshot {
    /// The ports it listens on, in the order of the configuration.
    pub listeners: Vec<ListenerView>,
    /// The pools, in the order of the configuration.
    pub pools: Vec<PoolView>,
    /// Every backend of every pool, in the order of the configuration.
    pub backends: Vec<BackendView>,
    /// All backends together.
    pub totals: Totals,
    /// Events of requests that were lost to every reader, because they came faster than anybody took them.
    pub dropped: u64,
    /// What became of the log lines of each output: standard output, a file.
    #[serde(default)]
    pub logs: Vec<LogView>,
    /// Whether the bodies of requests and responses are kept for front ends.
    #[serde(default)]
    pub keeps_bodies: bool,
    /// Whether demo backends can be started.
    pub can_spawn: bool,
    /// What is wrong now, beside the states of backends; at most one of each kind, and one for each active alert.
    pub warnings: Vec<Warning>,
    /// The alerts that are watched.
    #[serde(default)]
    pub alerts: Vec<AlertView>,
    /// The run of `survive` that is under way, or the last one; `None` where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survive: Option<SurviveView>,
    /// The traffic that is sent, or that was sent last; `None` where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<TrafficView>,
}

impl Snapshot {
    /// The pool with this name, where there is one.
    pub fn pool(&self, name: &str) -> Option<&PoolView> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// The URL to open: the first listener's, or that of a pool's name where it has no pool of its own; empty where nothing is
    /// known yet.
    pub fn url(&self) -> Untrusted<&str> {
        let Some(first) = self.listeners.first() else { return Untrusted::default() };
        let by_name = || self.pools.iter().find_map(|pool| pool.urls.first());
        let named = if first.pool.is_none() { by_name() } else { None };
        named.unwrap_or(&first.url).borrowed()
    }
}

/// All backends together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Totals {
    /// Requests that have ended.
    pub requests: u64,
    /// Those of them that the balancer answered itself (local replies), by the class of their status: 1xx first, 5xx last.
    pub own_by_status: [u64; 5],
    /// Requests whose response has not ended yet.
    pub in_flight: u64,
    /// Requests of the last whole second.
    pub rate: u64,
    /// Requests of each of the last 60 whole seconds, the latest last.
    pub rates: Vec<u64>,
    /// Response times of the last ten seconds.
    pub latency: Percentiles,
    /// Share of the requests of the last ten seconds that ended with a 5xx.
    pub error_share: Option<f64>,
    /// Connections of clients there are, tunnels included.
    pub connections: u64,
    /// Tunnels there are: WebSockets, other upgrades, and connections in TCP mode.
    pub tunnels: u64,
}

impl Totals {
    /// Requests and tunnels that would be waited for, or cut, if the engine stopped at this moment.
    pub fn unfinished(&self) -> u64 {
        self.in_flight + self.tunnels
    }
}

/// The result of one health check.
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
    /// Its process id while it runs; `None` once it has ended.
    pub pid: Option<u32>,
}

impl Spawned {
    /// A process with this id; `None` where it has ended.
    pub const fn new(pid: Option<u32>) -> Self {
        Spawned { pid }
    }
}

/// One backend: its settings now, and its figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BackendView {
    /// Its id, which no other backend has.
    pub id: BackendId,
    /// Its name.
    pub name: Untrusted<String>,
    /// Its letter and colour.
    #[serde(default)]
    pub mark: Mark,
    /// Its pool's name.
    pub pool: Untrusted<String>,
    /// Its address as a URL.
    pub url: Untrusted<String>,
    /// Its address as the screen's table shows it, without `http://`.
    pub address: Untrusted<String>,
    /// What it is doing.
    pub state: State,
    /// For how many seconds it has been in that state.
    pub state_seconds: u64,
    /// For how many more seconds it is ejected; `None` where it is not.
    pub ejected_seconds: Option<u64>,
    /// What a person wants of it.
    pub intent: Intent,
    /// Its weight, from 0 to [`MAX_WEIGHT`](super::MAX_WEIGHT).
    pub weight: u32,
    /// How much of its weight counts now, from 0 to 100 per cent: less than all of it during a slow start, or where its agent
    /// asks for less.
    pub percent: u32,
    /// Whether it is a backup, which takes clients only while no other backend of its pool is up.
    pub backup: bool,
    /// Requests that ended on it.
    pub requests: u64,
    /// The same by the class of their status: 1xx first, 5xx last.
    pub by_status: [u64; 5],
    /// What else is counted of it; `tallied` in JSON.
    #[serde(rename = "tallied")]
    pub counts: BackendCounts,
    /// Requests of the last whole second.
    pub rate: u64,
    /// Requests of each of the last 60 whole seconds, the latest last.
    pub rates: Vec<u64>,
    /// Requests and tunnels it has now.
    pub active: u32,
    /// Requests that wait for it, because it has as many as `maxConnections` allows.
    pub queued: u32,
    /// Tunnels it has now.
    pub tunnels: u32,
    /// Clients bound to it: by cookie, those given out for it less those of clients that moved away, whether or not such a
    /// client ever comes again; by another key, the keys seen lately; in TCP mode, the addresses that stick to it, until
    /// `sticky.expiry`.
    pub sessions: u64,
    /// How many seconds ago it last had a request: 0 while it has one; `None` where it has had none.
    #[serde(default)]
    pub last_request_seconds: Option<u64>,
    /// Response times of the last ten seconds.
    pub latency: Percentiles,
    /// Responses of the last ten seconds by their time: the first counts those below 8 µs, each of the others those below
    /// twice as much as the one before.
    pub histogram: Vec<u64>,
    /// How it is checked, in words: `GET / (http-status), 2000 ms at most, 10000 ms apart, rise 1, fall 1`.
    pub check: Untrusted<String>,
    /// Attempts that ended without a response or with a 5xx, those retried on another backend included.
    pub errors: u64,
    /// The last checks, at most 20, the latest last.
    pub checks: Vec<CheckMark>,
    /// Share of its pool's new clients that its weight says it should get.
    pub expected_share: f64,
    /// Share of its pool's requests of the last ten seconds that it got.
    pub actual_share: Option<f64>,
    /// Its process; `None` where this program did not start it.
    pub spawned: Option<Spawned>,
    /// The fault that a person lets it have; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chaos: Option<Box<ChaosView>>,
}
