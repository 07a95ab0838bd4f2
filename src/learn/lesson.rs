//! What a lesson is: plain data, as its file says it.

use std::time::Duration;
use stickylb::api::TrafficOptions;

use super::condition::Condition;
use super::figure::{Comparison, Figure};

/// A lesson, read and found good.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    pub(crate) title: String,
    /// What one learns, in one line; empty where the file does not say.
    pub(crate) about: String,
    /// What is drawn by; `None` is another one each time.
    pub(crate) seed: Option<u64>,
    /// How many demo backends it starts with.
    pub(crate) backends: usize,
    pub(crate) settings: Settings,
    /// Carried out before the first step.
    pub(crate) start: Vec<Line>,
    /// Sent from the start.
    pub(crate) traffic: Option<TrafficOptions>,
    /// WebSockets that are open from the start.
    pub(crate) chats: Chats,
    /// Whether faults are not told of before the debrief: the learner finds them.
    pub(crate) hides_faults: bool,
    /// There is at least one.
    pub(crate) steps: Vec<Step>,
}

/// How the lesson's own balancer and its demo backends are set; 0 is as usual, times are in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Requests at one time of each demo backend.
    pub(crate) max_connections: u32,
    /// Requests that wait for one.
    pub(crate) max_queue: u32,
    /// How long they wait.
    pub(crate) queue_timeout: u64,
    /// The time between two checks.
    pub(crate) check_interval: u64,
    /// How long a backend may take to answer.
    pub(crate) response_timeout: u64,
    /// How long an ejected backend stays out.
    pub(crate) eject_for: u64,
}

/// People who chat: each has a WebSocket open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chats {
    pub(crate) count: usize,
    /// After which time each leaves, and another one comes; `None` is never.
    pub(crate) lasting: Option<Duration>,
}

/// A command of the command language, carried out by the lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Command(String),
    /// One of these, drawn by the seed.
    Draw(Vec<String>),
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// What is said, asked or to be done.
    pub(crate) text: String,
    /// Carried out when the step begins; of one that asks, once the learner has chosen.
    pub(crate) run: Vec<Line>,
    pub(crate) kind: StepKind,
}

/// What a step is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StepKind {
    Say,
    Ask(Ask),
    Do(Do),
    /// What was measured is told again in these ways.
    Debrief(Vec<Show>),
}

/// A prediction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ask {
    /// At least two.
    pub(crate) choices: Vec<Choice>,
    pub(crate) answer: Answer,
    /// How long is measured after the choice.
    pub(crate) measured_for: Duration,
    /// Whether the lesson is passed only with the right choice.
    pub(crate) must: bool,
    /// Told with what came true: why it is so. Empty where the file does not say.
    pub(crate) why: String,
}

/// One of the choices.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) text: String,
    /// What is measured where it is right.
    pub(crate) is: Wanted,
}

/// What is measured where a choice is right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    /// A number in these bounds.
    Number(Comparison),
    /// This word: a name, a state, `up`.
    Word(String),
}

/// Which choice is right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// The one in this place, from 0.
    Choice(usize),
    /// The one that comes true.
    Measured(Measure),
    /// The one that names the backend of the fault that was drawn.
    FaultBackend,
    /// The one that names its kind.
    FaultKind,
}

/// What is measured for a prediction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Measure {
    Figure(Figure),
    /// Which backend the request of this number went to, from 1, counted from the choice.
    Pick(u32),
    /// A backend's state, in its word.
    State(String),
    /// Whether a figure went `up`, went `down` or is the `same` as when the learner chose.
    Change(Figure),
    /// The client that asked most often: `u3`.
    Busiest,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Do {
    pub(crate) hints: Vec<String>,
    pub(crate) until: Condition,
    /// How long one may take.
    pub(crate) within: Option<Duration>,
    /// What does it: at least one.
    pub(crate) solution: Vec<Act>,
    /// What does not do it, though one might think so.
    pub(crate) must_fail: Vec<Act>,
}

/// A part of a solution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// Typed into the palette.
    Line(String),
    /// A key that is pressed.
    Key(String),
    /// Text that is typed, and Enter.
    Type(String),
    Wait(Duration),
    WaitUntil(Condition),
}

/// How what was measured is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// The strip of picks.
    Picks,
    /// Fairness before and after.
    Fairness,
    /// What each backend had.
    Requests,
    /// That there is what-if, and by which key.
    WhatIf,
    /// The fault that was drawn.
    Fault,
}

impl Show {
    pub(crate) const ALL: [(&'static str, Show); 5] = [
        ("picks", Show::Picks),
        ("fairness", Show::Fairness),
        ("requests", Show::Requests),
        ("whatif", Show::WhatIf),
        ("fault", Show::Fault),
    ];
}
