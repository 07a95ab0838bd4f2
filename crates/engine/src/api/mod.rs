//! The engine's one door: [`Command`] in, [`Snapshot`] and [`Event`] out, and what they are made of. Plain serde types: nothing
//! here knows another part of the engine.

mod backend_state;
mod candidate;
mod command;
mod decision;
mod ending;
mod event;
mod explanation;
mod handle;
mod heads;
mod identity;
mod mode;
mod percentiles;
mod phases;
mod replayed;
mod request_event;
mod snapshot;
mod sticky_by;
mod strategy;
mod tallied;
mod timestamp;
mod warning;

pub use backend_state::{Intent, State};
pub use candidate::{Candidate, Score};
pub use command::{Command, CommandError};
pub use decision::{Attempt, CookieAction, Decision, Exclusion, Fault, Outcome, RouteTaken, Rule, StickyKey, Stopped};
pub use ending::Ending;
pub use event::{Event, Level, Notice, OutputEvent, UpdateEvent};
pub use explanation::{Explanation, Question, Unclear};
pub use handle::{Door, News};
pub use heads::Heads;
pub use heads::Part;
pub use identity::Identity;
pub use mode::Mode;
pub use percentiles::Percentiles;
pub use phases::Phases;
pub use replayed::Replayed;
pub use replayed::{Bodies, LONGEST};
pub use request_event::{Ended, RequestEvent};
pub use snapshot::{BackendView, CheckMark, ListenerView, PoolView, Snapshot, Spawned, Totals};
pub use sticky_by::StickyBy;
pub use strategy::Strategy;
pub use tallied::Tallied;
pub use timestamp::rfc3339;
pub use warning::{About, Warning};
