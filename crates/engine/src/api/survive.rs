//! Whether an app survives more than one copy: what is asked, how far it has come, and what was found.

use serde::{Deserialize, Serialize};

use crate::untrusted::Untrusted;

/// What [`Command::Survive`](super::Command::Survive) is to try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SurviveOptions {
    /// The pool whose backends are the copies; `None` is the first that speaks HTTP.
    pub pool: Option<String>,
    /// A HAR file with the requests to try, by its whole path; `None` takes what passes until
    /// [`Command::SurviveReport`](super::Command::SurviveReport).
    pub har: Option<String>,
    /// Requests whose path, or method and path, has this pattern are not sent again. `*` stands for any characters.
    pub exclude: Vec<String>,
    /// Whether requests that may change something (POST, PUT, PATCH, DELETE) are sent again, too.
    pub unsafe_methods: bool,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SurviveStage {
    /// Requests are recorded as they pass.
    #[default]
    Watching,
    /// What copies do by themselves is listened to, with no request on its way.
    Listening,
    /// Each request is sent to each copy, and the answers are compared.
    Comparing,
    /// Clients' requests are sent again, as new clients that move between copies.
    Replaying,
    /// The configuration that is recommended is tried.
    Proving,
    /// The report is there.
    Ended,
}

/// A run as the snapshot shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SurviveView {
    /// How far it has come.
    pub stage: SurviveStage,
    /// Of this stage, how much is done.
    pub done: u64,
    /// Of how much.
    pub of: u64,
    /// Requests recorded.
    pub recorded: u64,
    /// Requests that passed and could not be recorded.
    pub missed: u64,
    /// Findings so far.
    pub findings: u64,
    /// What it does now, in a few words.
    pub now: Untrusted<String>,
    /// What was found last, in a few words each, the oldest first; at most 12.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Untrusted<String>>,
}

/// What was found of a request, or of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SurviveVerdict {
    /// It goes wrong on another copy than the one that its client began on. A finding.
    NeedsStickiness,
    /// It goes wrong even where each client stays with its copy. A finding.
    BreaksEvenWithIt,
    /// Every copy does it by itself. A finding.
    RunsInEveryCopy,
    /// It was tried, and each copy did the same.
    Safe,
    /// Nothing could be told, because the control varied, too.
    Inconclusive,
    /// It was not tried.
    Unknown,
    /// Good to know, and no finding: a copy names itself.
    Remark,
}

impl SurviveVerdict {
    /// Whether a run with it fails.
    pub const fn is_finding(self) -> bool {
        matches!(
            self,
            SurviveVerdict::NeedsStickiness | SurviveVerdict::BreaksEvenWithIt | SurviveVerdict::RunsInEveryCopy
        )
    }

    /// It in words, as a report begins its line.
    pub const fn words(self) -> &'static str {
        match self {
            SurviveVerdict::NeedsStickiness => "needs stickiness",
            SurviveVerdict::BreaksEvenWithIt => "breaks even with it",
            SurviveVerdict::RunsInEveryCopy => "runs in every copy",
            SurviveVerdict::Safe => "safe",
            SurviveVerdict::Inconclusive => "inconclusive",
            SurviveVerdict::Unknown => "unknown",
            SurviveVerdict::Remark => "remark",
        }
    }
}

/// What kind of trouble a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SurviveKind {
    /// A session is in the memory of one copy.
    SessionLost,
    /// Each copy signs with a secret of its own.
    SecretPerCopy,
    /// A token against cross-site request forgery is refused.
    CsrfRefused,
    /// Each copy counts for itself: visits, or a rate limit.
    CounterPerCopy,
    /// An upload is on the disk of one copy.
    UploadGone,
    /// The id of a protocol's session (socket.io, SignalR, MCP) is unknown.
    UnknownId,
    /// A WebSocket was refused or cut.
    WebSocketCut,
    /// Copies answer differently: a cache, or data in memory.
    StatePerCopy,
    /// A timer runs in every copy.
    TimerPerCopy,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SurviveEntry {
    /// What was found.
    pub verdict: SurviveVerdict,
    /// What kind of trouble it is; `None` where it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SurviveKind>,
    /// The method; empty where it is not of a request.
    pub method: Untrusted<String>,
    /// The path, without the query; of a finding that is not of a request, what it is of, such as the line of output.
    pub path: Untrusted<String>,
    /// It in a few words: `session lost (302 /login)`; of what was not tried, why not.
    pub words: Untrusted<String>,
    /// What the balancer could learn, in the words of `sticky.from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learn: Option<Untrusted<String>>,
    /// How each copy answered, or what else shows it, each in one line; at most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Untrusted<String>>,
    /// Numbers of recorded requests of this kind.
    pub requests: u64,
    /// How often each was sent again.
    pub times: u64,
}

impl SurviveEntry {
    /// An entry of a request's method and path, or of something else that `path` names.
    pub fn new(verdict: SurviveVerdict, method: &str, path: &str, words: impl Into<Untrusted<String>>) -> Self {
        SurviveEntry {
            verdict,
            kind: None,
            method: method.to_owned().into(),
            path: path.to_owned().into(),
            words: words.into(),
            learn: None,
            details: Vec::new(),
            requests: 0,
            times: 0,
        }
    }
}

/// The least that has to be configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SmallestConfig {
    /// The `sticky` section: `{"by": "learn", "from": "cookie:sid"}`.
    pub sticky: serde_json::Value,
    /// Whether all that was replayed went well in a run with it.
    pub proven: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SurviveReport {
    /// Why it is not whole, in one sentence: it was stopped, or a copy died. `None` where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<Untrusted<String>>,
    /// The names of the copies.
    pub copies: Vec<Untrusted<String>>,
    /// Its lines, by verdict and path; at most 1000.
    pub entries: Vec<SurviveEntry>,
    /// The least that has to be configured; `None` where nothing was replayed, or nothing helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest: Option<SmallestConfig>,
    /// Whether the pool's own stickiness was asked for and proven to be enough: what needs stickiness is no failure then.
    #[serde(default)]
    pub has_enough: bool,
    /// What was left out or could not be seen, each in one sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Untrusted<String>>,
}

impl SurviveReport {
    /// How many findings fail a run.
    pub fn failures(&self) -> usize {
        let counts = |entry: &&SurviveEntry| {
            entry.verdict.is_finding() && !(self.has_enough && entry.verdict == SurviveVerdict::NeedsStickiness)
        };
        self.entries.iter().filter(counts).count()
    }
}
