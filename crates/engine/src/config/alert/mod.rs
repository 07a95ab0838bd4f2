//! Threshold alerts: the `alerts` key, and the language they are written in.

mod error;
mod figure;
mod rule;
mod scope;
mod section;
mod words;

pub use error::AlertError;
pub(crate) use figure::Figure;
pub use rule::AlertRule;
pub(crate) use scope::AlertScope;
pub use section::AlertConfig;
pub(crate) use section::alerts;
