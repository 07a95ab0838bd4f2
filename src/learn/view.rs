//! What a lesson shows at one moment.

/// What a lesson shows at one moment: one step of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LessonView {
    /// The lesson's title.
    pub(crate) title: String,
    /// Its number among the built-in ones; `None` for a file of the teacher's own.
    pub(crate) number: Option<u32>,
    /// This step, counted from 1.
    pub(crate) step: usize,
    /// How many steps there are.
    pub(crate) of: usize,
    /// The step's text.
    pub(crate) text: String,
    /// What the step is.
    pub(crate) part: LessonPart,
    /// The hints that were asked for.
    pub(crate) hints: Vec<String>,
    /// What was measured, told again under a debrief's text: a line each.
    pub(crate) shown: Vec<String>,
    /// Whether another hint can be asked for.
    pub(crate) has_hint: bool,
    /// Whether Enter goes on: never by itself, and not before what is to be done is done.
    pub(crate) may_go_on: bool,
    /// Whether the learner was told that saving the lesson's file has read this step again, or why it could not be.
    pub(crate) notice: Option<String>,
}

/// What a step is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LessonPart {
    /// The text is to be read.
    Say,
    /// The learner predicts: one of these.
    Ask {
        choices: Vec<String>,
        /// The choice made, and whether it came true; `None` before a choice is made.
        answered: Option<Answered>,
    },
    /// The learner does something, and each of these is checked against what is measured.
    Do {
        checks: Vec<CheckView>,
        /// Seconds left; `None` where there is no limit.
        seconds_left: Option<u64>,
    },
    /// What was seen, and why.
    Debrief,
    /// The last step is behind the learner.
    Over {
        /// Whether all was passed.
        passed: bool,
    },
}

/// What the learner predicted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answered {
    /// The place of the choice, from 0.
    pub(crate) choice: usize,
    /// The place of the one that was measured; `None` while it is being measured.
    pub(crate) measured: Option<usize>,
    /// What was measured, in words: `bravo holds 9 at most`.
    pub(crate) figure: String,
}

/// One thing that is checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CheckView {
    /// In words: `maxActive(bravo) < 4 for 10 s`.
    pub(crate) words: String,
    /// Whether it holds.
    pub(crate) done: bool,
    /// How things stand: `6 of 10 s`, `7 now`.
    pub(crate) now: String,
}
