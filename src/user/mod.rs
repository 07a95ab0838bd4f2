//! What is the user's own and no project's: the file with their keys, themes and views, and what is kept between starts.
//!
//! `config.json` is written by hand and only ever read. What changes on the screen is kept in a file of the program's
//! own, over which the user's file wins. Both are read by the reader of the project's configuration file.

mod arrangement;
mod config;
mod kept;
mod keys;
mod places;
mod progress;
mod themes;

pub(crate) use config::{SCHEMA, UserConfig, load, parse};
pub(crate) use kept::{Kept, kept};
pub(crate) use places::config_file;
pub(crate) use progress::{Progress, progress};
