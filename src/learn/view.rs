//! What a lesson shows at one moment.

/// What a lesson shows at one moment: one step of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LessonView {
    /// The lesson's title.
    pub title: String,
    /// Its number among the built-in ones; `None` for a file of the teacher's own.
    pub number: Option<u32>,
    /// This step, counted from 1.
    pub step: usize,
    /// How many steps there are.
    pub of: usize,
    /// The step's text.
    pub text: String,
    /// What the step is.
    pub part: LessonPart,
    /// The hints that were asked for.
    pub hints: Vec<String>,
    /// Whether another hint can be asked for.
    pub has_hint: bool,
    /// Whether Enter goes on: never by itself, and not before what is to be done is done.
    pub may_go_on: bool,
    /// Whether the learner was told that saving the lesson's file has read this step again, or why it could not be.
    pub notice: Option<String>,
    /// What was measured, line by line, under the text of a debrief.
    pub shown: Vec<String>,
    /// Whether the learner is to find a fault, so that the screen tells of none.
    pub hides_faults: bool,
}

/// What a step is.
#[derive(Clone, Debug, PartialEq)]
pub enum LessonPart {
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
pub struct Answered {
    /// The place of the choice, from 0.
    pub choice: usize,
    /// The place of the one that was measured; `None` while it is being measured.
    pub measured: Option<usize>,
    /// What was measured, in words: `bravo held 9 requests at once`.
    pub figure: String,
    /// Why it is so, once it was measured; empty where the lesson does not say.
    pub why: String,
}

/// One thing that is checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckView {
    /// In words: `bravo holds fewer than 4 requests at once, for 10 s`.
    pub words: String,
    /// Whether it holds.
    pub done: bool,
    /// How things stand: `6 of 10 s`, `7 now`.
    pub now: String,
}
