//! Processes that this program starts: demo backends and copies of a user's program.
//!
//! Each has a supervisor process between it and the balancer: this program, run with a hidden subcommand. The
//! supervisor's standard input is a pipe from the balancer, so it notices when the balancer ends, even by a crash, and
//! then ends the process and all of its children.

mod descriptors;
mod output;
mod owner;
mod port;
mod program;
mod spawn;
mod supervisor;

pub(crate) use descriptors::command;
pub use descriptors::raise_descriptor_limit;
pub(crate) use output::Lines;
pub(crate) use owner::belong_to;
pub(crate) use port::free_port;
pub use program::Copies;
pub(crate) use program::{Program, demo_name};
pub(crate) use spawn::{Ended, Process};
pub use supervisor::supervise;
