//! One step: what it will do in words, and doing it.

use std::fmt;

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Why there was nothing to do.
    NotNeeded(String),
    /// Why it could not be done, and what helps.
    Failed(String),
    /// Only the user can do it: why, and by which command.
    Left {
        why: String,
        command: String,
    },
}

impl Outcome {
    /// Whether nothing is left to do.
    pub(crate) fn is_good(&self) -> bool {
        matches!(self, Outcome::Done | Outcome::NotNeeded(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Done => f.write_str("done"),
            Outcome::NotNeeded(why) => write!(f, "not needed: {why}"),
            Outcome::Failed(why) => write!(f, "failed: {why}"),
            Outcome::Left { why, command } => write!(f, "left for you, {why}; run: {command}"),
        }
    }
}

/// One step.
pub(crate) struct Step {
    /// What it will do.
    pub(crate) says: String,
    act: Box<dyn FnOnce() -> Outcome>,
}

impl Step {
    pub(super) fn new(says: String, act: impl FnOnce() -> Outcome + 'static) -> Self {
        Step { says, act: Box::new(act) }
    }

    /// A step that cannot be done, for a reason that is known before.
    pub(super) fn failing(says: String, why: String) -> Self {
        Self::new(says, || Outcome::Failed(why))
    }

    /// Does it.
    pub(crate) fn act(self) -> Outcome {
        (self.act)()
    }
}
