//! A fault that burns at a backend: which requests and checks it touches, and what becomes of each.

mod burning;
mod matching;

pub(crate) use burning::{Asks, Burning, Touch};
