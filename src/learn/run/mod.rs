//! How far a learner is in a lesson: a state that takes in what happened and what was pressed, and says which commands it wants
//! carried out.

mod facts;
mod judge;
mod ledger;
mod measured;
mod orders;
mod prediction;
mod retold;
mod runner;
mod sample;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod tests;
mod viewed;

pub(crate) use facts::Facts;
pub(crate) use judge::Judge;
pub use runner::Runner;
