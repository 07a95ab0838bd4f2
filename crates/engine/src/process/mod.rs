//! Processes that this program starts: demo backends and copies of a user's program.
//!
//! Each has a supervisor process between it and the balancer: this program, run with a hidden subcommand. The
//! supervisor's standard input is a pipe from the balancer, so it notices when the balancer ends, even by a crash, and
//! then ends the process and all that it started.

mod descriptors;
mod group;
mod output;
mod owner;
mod port;
mod port_owner;
#[cfg(target_os = "linux")]
mod proc;
mod program;
mod spawn;
mod supervisor;

pub(crate) use descriptors::command;
pub use descriptors::raise_descriptor_limit;
pub(crate) use output::{Lines, Why};
pub(crate) use owner::belong_to;
pub(crate) use port::{free_port, is_free};
pub(crate) use port_owner::{OwnPort, of_port};
pub use program::Copies;
pub(crate) use program::Program;
pub use program::demo_name;
pub(crate) use spawn::{Exited, Process};
pub use supervisor::supervise;
