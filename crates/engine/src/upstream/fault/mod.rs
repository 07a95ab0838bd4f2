//! A connection with a fault: what a person lets happen to a backend's answer, though the backend is well.

mod body;
mod faulty;
mod heads;
mod pace;

pub(crate) use body::Carries;
pub(crate) use faulty::Faulty;
