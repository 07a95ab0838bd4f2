//! The command language: what is typed into the screen's palette, after `ctl` and into `--plain`, and what is answered.
//!
//! One [table](WORDS) has every word that tells the engine to do something; the palette's rows, the subcommands of `ctl`
//! and the words of `--plain` are made from it or compared with it.

mod amounts;
mod answer;
mod fairness;
mod faults;
mod name;
mod parse;
mod status;
mod table;
mod text_table;
mod traffic;
mod what_if;

#[cfg(feature = "tui")]
pub(crate) use amounts::response_time;
pub(crate) use answer::answer;
pub(crate) use fairness::fairness;
#[cfg(feature = "tui")]
pub(crate) use faults::{FAULTS, fault_told, faults_told, seconds_left};
#[cfg(feature = "tui")]
pub(crate) use name::named;
pub(crate) use parse::{Meant, command};
pub(crate) use status::status;
pub(crate) use table::{Argument, WORDS, Word, word};
pub(crate) use text_table::aligned;
#[cfg(feature = "tui")]
pub(crate) use traffic::{traffic_told, traffic_within};
#[cfg(feature = "tui")]
pub(crate) use what_if::{USAGE as WHAT_IF_USAGE, as_real, what_if_figures, whole};
pub(crate) use what_if::{what_if, what_if_options};
