//! Backends that this program starts itself, each a process of its own.

mod demo;

pub(crate) use demo::{DemoProcess, name_of, spawn};
