//! Starts and stops the engine, runs its workers and processes, and reloads its configuration.

mod accept_socket;
mod builder;
mod certificates;
mod chaos;
mod command;
mod configuration;
mod connection_limit;
mod history;
mod inspect;
mod local_handle;
mod open;
mod options;
mod process_output;
mod process_task;
mod processes;
mod reload;
mod reload_changes;
mod self_target;
mod source;
mod start;
mod start_error;
mod survive;
mod survive_run;
mod traffic;
mod traffic_run;
mod warm_connections;
mod what_if;
mod worker;

pub use builder::Builder;
pub use local_handle::LocalHandle;
pub use options::Options;
pub use source::Source;
pub use start::Balancer;
pub use start_error::StartError;
