//! The balancer at work, and the one door to it.
//!
//! [`Balancer::start`] binds the listeners, checks the backends, and serves. From then on front ends (the screen,
//! the headless log, an embedding program) use the same three things: [`Command`] in, [`Snapshot`] and
//! [`Event`] out. All are plain serde types.

mod budget;
mod builder;
mod command;
mod counters;
#[cfg(feature = "tui")]
mod door;
mod entrance;
mod event;
mod heads;
#[cfg(any(unix, feature = "tui"))]
mod inspect;
mod itself;
mod journal;
mod keeper;
mod log_output;
mod log_view;
mod phases;
mod places;
mod pools;
mod processes;
mod ready;
mod record;
mod reload;
mod setup;
mod shared;
mod slow_start;
mod snapshot;
mod start;
mod states;
mod statistics;
mod time_of_day;
mod view;
mod warning;
mod worker;

pub use crate::access::Admission;
pub use crate::health::{CheckFunction, Checks};
pub use crate::process::Copies;
pub use crate::proxy::{Explanation, Question, Replayed, Unclear};
pub use builder::Builder;
pub use command::{Command, CommandError};
pub use event::{Ended, Event, Level, Notice, OutputEvent, RequestEvent, UpdateEvent};
pub use heads::Heads;
pub use journal::EventReader;
pub use log_view::{LogOutput, LogView};
pub use phases::Phases;
pub use reload::Source;
pub use snapshot::{BackendView, CheckMark, ListenerView, PoolView, Snapshot, Spawned, Totals};
pub use start::{Balancer, Ending, Options, StartError};
pub use warning::{About, Warning};

#[cfg(feature = "tui")]
pub(crate) use crate::proxy::{Bodies, LONGEST};
#[cfg(feature = "tui")]
pub(crate) use door::{Door, Local, News};
pub(crate) use event::rfc3339;
pub(crate) use heads::{Part, Shelf};
pub(crate) use journal::{Behind, EventRing, Journal, Slot};
pub(crate) use phases::{Moments, Tried};
pub(crate) use pools::{Listener, LivePool, Routing};
pub(crate) use shared::{Connected, Shared};
pub(crate) use time_of_day::time_of_day;
pub(crate) use worker::Phase;
