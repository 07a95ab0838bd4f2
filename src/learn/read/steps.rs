//! Reads the steps of a lesson.

use std::time::Duration;
use stickylb::program::{Keys, Node, nearest};
use stickylb::untrusted::Untrusted;

use super::conditions;
use super::conditions::STATES;
use super::lines::{Lines, not_empty};
use crate::learn::figure::{Comparison, FIGURES, Figure, backend, parts};
use crate::learn::lesson::{Answer, Ask, Choice, Do, Measure, Show, Step, StepKind, Wanted};

/// How long is measured after a choice, where nothing else is said.
const MEASURED_FOR: Duration = Duration::from_secs(5);

/// The keys that say what a step is.
const KINDS: [&str; 4] = ["say", "ask", "do", "debrief"];

/// The keys that belong to one of them alone.
const OWN: [(&str, &str); 11] = [
    ("choices", "ask"),
    ("answer", "ask"),
    ("for", "ask"),
    ("must", "ask"),
    ("why", "ask"),
    ("until", "do"),
    ("within", "do"),
    ("hints", "do"),
    ("solution", "do"),
    ("mustFail", "do"),
    ("show", "debrief"),
];

pub(super) fn read(n: Node<'_, '_>, lines: &Lines<'_>) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let count = n.hint("minItems", 1).each(|n| steps.extend(n.object(|keys| step(keys, lines)).flatten()))?;
    if count == 0 {
        return n.wrong("must have at least one step");
    }
    Some(steps)
}

fn step(keys: &mut Keys<'_, '_>, lines: &Lines<'_>) -> Option<Step> {
    let texts = KINDS.map(|kind| {
        let described = match kind {
            "say" => "What is said",
            "ask" => "What is asked: the learner predicts",
            "do" => "What is to be done",
            _ => "What was seen, and why",
        };
        keys.get(kind, described, |n| n.parsed(not_empty))
    });
    let run =
        keys.get("run", "Commands; of 'ask' once the learner has chosen, else at the beginning", |n| lines.list(n));
    let ask = ask(keys, lines);
    let does = does(keys, lines);
    let described = "What was measured is told again in these ways";
    let show = keys.get("show", described, |n| n.list(|n| n.one_of(&Show::ALL)));
    let there: Vec<usize> = (0..KINDS.len()).filter(|at| keys.has(KINDS[*at])).collect();
    if keys.describes() {
        return None;
    }
    let [at] = there[..] else {
        let several = if there.is_empty() { "is none of" } else { "is several of" };
        return keys.wrong(&format!("{several} say, ask, do and debrief: a step is one of them"));
    };
    let kind = KINDS[at];
    let misplaced: Vec<_> = OWN.iter().filter(|(key, of)| *of != kind && keys.has(key)).collect();
    for (key, of) in &misplaced {
        keys.wrong_at(key, format!("belongs to a step with '{of}', and this one is '{kind}'"));
    }
    match kind {
        "ask" => {
            keys.require("choices", "'ask' needs 'choices': at least two");
            keys.require("answer", "'ask' needs 'answer': one of the choices, or measured:FIGURE");
        }
        "do" => {
            keys.require("until", "'do' needs 'until': the condition that is to be met");
            keys.require("solution", "'do' needs 'solution': what meets it, so that 'learn check --play' can prove it");
        }
        _ => {}
    }
    let kind = match kind {
        "say" => StepKind::Say,
        "ask" => StepKind::Ask(ask?),
        "do" => StepKind::Do(does?),
        _ => StepKind::Debrief(show.unwrap_or_default()),
    };
    let [say, ask, does, debrief] = texts;
    let text = say.or(ask).or(does).or(debrief)?;
    Some(Step { text, run: run.unwrap_or_default(), kind })
}

fn does(keys: &mut Keys<'_, '_>, lines: &Lines<'_>) -> Option<Do> {
    let hints =
        keys.get("hints", "Shown one after the other when the learner asks", |n| n.list(|n| n.parsed(not_empty)));
    let until = keys.get("until", "The condition that is to be met", |n| conditions::read(n, &lines.backends));
    let within = keys.get("within", "How long one may take, such as 120s", |n| n.parsed(conditions::duration));
    let described = "What meets it: lines for the palette, key K, type TEXT, wait 5s, or {\"wait\": CONDITION}";
    let solution = keys.get("solution", described, |n| lines.solution(n));
    let described = "What does not meet it, though one might think so: played first, to prove it";
    let must_fail = keys.get("mustFail", described, |n| lines.solution(n)).unwrap_or_default();
    Some(Do { hints: hints.unwrap_or_default(), until: until?, within, solution: solution?, must_fail })
}

fn ask(keys: &mut Keys<'_, '_>, lines: &Lines<'_>) -> Option<Ask> {
    let choices = keys.get("choices", "What the learner chooses from: from two to nine", |n| {
        let mut list = Vec::new();
        let count = n.each(|n| list.extend(choice(n)))?;
        match count {
            2..=9 => Some(list).filter(|list| list.len() == count),
            _ => n.wrong("must be from two to nine choices"),
        }
    });
    let described = "A choice, measured:FIGURE, fault.backend or fault.kind";
    let answer = keys.get("answer", described, |n| answer(n, choices.as_deref(), lines));
    let described = "How long is measured after the choice; 5s unless set";
    let measured_for = keys.get("for", described, |n| n.parsed(conditions::duration));
    let must = keys.get("must", "Whether the lesson is passed only with the right choice", |n| n.boolean());
    let why = keys.get("why", "Told with what came true: why it is so", |n| n.parsed(not_empty));
    let ask = Ask {
        choices: choices?,
        answer: answer?,
        measured_for: measured_for.unwrap_or(MEASURED_FOR),
        must: must.unwrap_or(false),
        why: why.unwrap_or_default(),
    };
    Some(ask)
}

/// A text, or an object with the text and what is measured where it is right.
fn choice(n: Node<'_, '_>) -> Option<Choice> {
    n.either(
        n.is_string(),
        |n| n.parsed(not_empty).map(|text| Choice { is: wanted(&text), text }),
        |n| {
            n.object(|keys| {
                keys.require("text", "a choice needs 'text'");
                keys.require("is", "needs 'is': what is measured where the choice is right, such as \"<4\" or \"up\"");
                let text = keys.get("text", "What is shown", |n| n.parsed(not_empty));
                let is = keys.get("is", "What is measured where it is right", |n| n.parsed(not_empty));
                Some(Choice { text: text?, is: wanted(&is?) })
            })?
        },
    )
}

/// What a choice says is measured: a number or a range, where it reads as one, else a word.
fn wanted(text: &str) -> Wanted {
    let bare = text.trim().trim_end_matches(['%', '.']).trim();
    let dashed = bare.replace(" to ", "..").replace('–', "..");
    match bare {
        "none" | "nothing" | "nobody" => Wanted::Number(Comparison::Equal(0.0)),
        _ => Comparison::read(&dashed, "%").map_or_else(|_| Wanted::Word(text.trim().to_owned()), Wanted::Number),
    }
}

fn answer(n: Node<'_, '_>, choices: Option<&[Choice]>, lines: &Lines<'_>) -> Option<Answer> {
    n.parsed(|text| match text {
        "fault.backend" => Ok(Answer::FaultBackend),
        "fault.kind" => Ok(Answer::FaultKind),
        _ => match (text.strip_prefix("measured:"), choices) {
            (Some(what), choices) => {
                let measure = measure(what.trim(), lines)?;
                choices.map_or(Ok(()), |choices| fits(&measure, choices))?;
                Ok(Answer::Measured(measure))
            }
            // What is wrong with the choices is told already.
            (None, None) => Ok(Answer::Choice(0)),
            (None, Some(choices)) => choices.iter().position(|one| one.text == text).map(Answer::Choice).ok_or_else(|| {
                let near = nearest(text, choices.iter().map(|one| one.text.as_str()));
                let shown = Untrusted::new(text);
                format!("'{shown}' is none of the choices{near}: write one of them, measured:FIGURE, fault.backend or fault.kind")
            }),
        },
    })
}

fn measure(text: &str, lines: &Lines<'_>) -> Result<Measure, String> {
    let (name, of) = parts(text).ok_or("a bracket is not closed")?;
    let figure = |text: &str| {
        let (name, of) = parts(text)?;
        Figure::read(name, of, &lines.backends)
    };
    match (name, of) {
        ("busiest", None) => return Ok(Measure::Busiest),
        ("pick", Some(of)) => {
            let number = of.parse().ok().filter(|number| (1..=1000).contains(number));
            return number.map(Measure::Pick).ok_or_else(|| "needs a number from 1 to 1000: pick(7)".to_owned());
        }
        ("state", Some(of)) => return backend(of, &lines.backends).map(|()| Measure::State(of.to_owned())),
        ("change", Some(of)) => {
            return figure(of).unwrap_or_else(|| Err(unknown(of))).map(Measure::Change);
        }
        _ => {}
    }
    figure(text).unwrap_or_else(|| Err(unknown(name))).map(Measure::Figure)
}

fn unknown(name: &str) -> String {
    let others = ["busiest", "pick", "state", "change"];
    let near = nearest(name, FIGURES.iter().map(|known| known.name).chain(others));
    format!("'{}' is no figure that is measured{near}", Untrusted::new(name))
}

/// Whether the choices are of what is measured.
fn fits(measure: &Measure, choices: &[Choice]) -> Result<(), String> {
    let are = |test: fn(&Wanted) -> bool| choices.iter().all(|choice| test(&choice.is));
    let is_change =
        |wanted: &Wanted| matches!(wanted, Wanted::Word(word) if ["up", "down", "same"].contains(&word.as_str()));
    let is_state =
        |wanted: &Wanted| matches!(wanted, Wanted::Word(word) if STATES.iter().any(|state| state.word() == word));
    match measure {
        Measure::Figure(_) if !are(|wanted| matches!(wanted, Wanted::Number(_))) => {
            Err("a number is measured, and not every choice is one: write numbers, ranges (\"5 to 10\"), \"none\", or {\"text\": …, \"is\": \"<4\"}".to_owned())
        }
        Measure::Change(_) if !are(is_change) => {
            Err("'up', 'down' or 'same' is measured: write these, or {\"text\": …, \"is\": \"up\"}".to_owned())
        }
        Measure::State(_) if !are(is_state) => {
            Err("a state is measured: write states such as \"EJECTED\", or {\"text\": …, \"is\": \"UP\"}".to_owned())
        }
        _ => Ok(()),
    }
}
