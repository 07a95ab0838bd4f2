//! A backend's response on its way to the client.

mod deliver;

pub(crate) use deliver::{Delivered, Source, deliver, take_rest};
