mod connection;
mod event_stream;
mod exchange;
mod explain;
mod forward;
mod handle;
mod http;
mod io;
mod local_reply;
mod replay;
mod response;
mod serve;
#[cfg(test)]
mod size_probe;
mod tcp;
mod tunnel;
mod worker;

pub(crate) use connection::Arrival;
pub(crate) use explain::explain;
pub(crate) use io::Socket;
pub(crate) use replay::replay;
pub(crate) use serve::serve;
pub(crate) use worker::Proxy;
