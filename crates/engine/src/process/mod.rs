//! Backends that this program starts itself: demo backends and copies of a person's own program.
//!
//! Each has a supervisor between it and the balancer: this program once more, with a hidden subcommand. Its standard
//! input is a pipe from the balancer, so it learns of the balancer's end however that comes, and takes the process
//! and all that it started with it.

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
