//! What goes in and out of a running balancer: [`Command`] in, [`Snapshot`] and [`Event`] out, and what they are made of.
//!
//! Plain data. All of it can be written and read with serde, and in JSON it is what `/_lb/events`, `--log-format json` and
//! the control socket of `stickylb-tui` speak. Nothing here knows another part of the engine.
//!
//! Conventions, unless a field says otherwise:
//!
//! - Text from the network, a file or a process is an [`Untrusted`](crate::untrusted::Untrusted), which is safe to print.
//! - A field whose name ends in `micros` is in microseconds, and so are [`Phases`] and [`Percentiles`]; one that ends in
//!   `seconds` is in whole seconds. Times of the day are [`SystemTime`](std::time::SystemTime)s, in JSON RFC 3339 in UTC
//!   with milliseconds ([`rfc3339`]).
//! - Counts begin when the balancer starts, or for a backend when it is added, and only grow.
//! - A rate is of the last whole second; percentiles and shares are of the last ten seconds, and `None` without requests.
//! - A share is from 0 to 1.
//! - Most enums and structs are `#[non_exhaustive]`: a `match` needs an arm for what a later version adds.

mod alert;
pub(crate) mod amounts;
mod attempts;
mod backend_counts;
mod backend_state;
mod body;
mod body_cut;
mod candidate;
mod change;
mod chaos;
mod check_algorithm;
mod command;
mod decision;
mod ending;
mod event;
mod exclusion;
mod explanation;
mod fairness;
mod field_name;
mod handle;
mod heads;
mod host_header;
mod identity;
mod ids;
mod latin1;
mod learn_from;
mod log_output;
mod mark;
mod mix;
mod mode;
mod not_upgraded;
mod outcome;
mod percentiles;
mod phases;
mod replayed;
mod request_event;
mod resolved;
mod same_site;
mod snapshot;
mod sticky_by;
mod strategy;
mod survive;
mod text;
mod timestamp;
mod to_replay;
mod told_apart;
mod touches;
mod traffic;
mod traffic_view;
mod upgrade_match;
mod warning;
mod what_if;
mod words_of_a_line;

pub use alert::{AlertChange, AlertView, AlertWay};
pub use attempts::Attempts;
pub use backend_counts::BackendCounts;
pub use backend_state::{Intent, State};
pub use body::{BODY_KEPT, Body};
pub use body_cut::BodyCut;
pub use candidate::{Candidate, Score};
pub use change::{Change, PoolChange};
pub use chaos::{Chaos, ChaosKind, ChaosTouch, ChaosView};
pub use check_algorithm::CheckAlgorithm;
pub use command::{Command, CommandError, Done, MAX_WEIGHT};
pub use decision::{CookieAction, Decision, RouteTaken, Rule, StickyKey};
pub use ending::Ending;
pub use event::{Event, Level, Notice, OutputEvent, UpdateEvent};
pub use exclusion::Exclusion;
pub use explanation::{Explanation, Question, Unclear};
pub use fairness::{BackendFairness, Fairness};
pub use field_name::FieldName;
pub use handle::{EngineHandle, News};
pub(crate) use heads::COMPARED;
pub use heads::{Heads, Part};
pub use host_header::HostHeader;
pub use identity::Identity;
pub use ids::{BackendId, RequestNumber};
pub use learn_from::{IdInRequest, IdInResponse, LearnFrom, LearnPreset};
pub use log_output::{LogOutput, LogView};
pub use mark::Mark;
pub use mix::MixPart;
pub use mode::Mode;
pub use not_upgraded::{NotUpgraded, WhyNot};
pub use outcome::{Attempt, Fault, Outcome, Stopped};
pub use percentiles::Percentiles;
pub use phases::Phases;
pub use replayed::{Bodies, LONGEST, Replayed};
pub use request_event::{Ended, RequestEvent};
pub use resolved::{
    ResolvedAccess, ResolvedBackend, ResolvedCertificate, ResolvedCheck, ResolvedConfig, ResolvedCookie,
    ResolvedExpect, ResolvedHeader, ResolvedLimits, ResolvedListener, ResolvedPassive, ResolvedPool, ResolvedRetry,
    ResolvedRoute, ResolvedScheme, ResolvedSticky, ResolvedTimeouts, ResolvedTls, ResolvedValue,
};
pub use same_site::SameSite;
pub use snapshot::{BackendView, CheckMark, ListenerView, PoolView, Snapshot, Spawned, Totals};
pub use sticky_by::StickyBy;
pub use strategy::Strategy;
pub use survive::{
    SmallestConfig, SurviveEntry, SurviveKind, SurviveOptions, SurviveReport, SurviveStage, SurviveVerdict, SurviveView,
};
pub use text::Text;
pub use timestamp::rfc3339;
pub use to_replay::{EDITED_BODY, Edited, ToReplay};
pub use told_apart::ToldApart;
pub use touches::Touches;
pub use traffic::{
    MAX_TRAFFIC_CLIENTS, MAX_TRAFFIC_IN_FLIGHT, MAX_TRAFFIC_RATE, Spacing, Think, TrafficModel, TrafficOptions,
};
pub use traffic_view::TrafficView;
pub use upgrade_match::UpgradeMatch;
pub use warning::{About, Warning};
pub use what_if::{Spread, WhatIf, WhatIfBackend, WhatIfOptions, WhatIfRow};
