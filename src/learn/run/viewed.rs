//! What the lesson shows of how far the learner is.

use super::runner::Runner;
use crate::learn::lesson::StepKind;
use crate::learn::view::{LessonPart, LessonView};

impl Runner {
    /// What the lesson shows now.
    pub(crate) fn view(&self) -> LessonView {
        let step = self.current();
        let (text, part) = if self.is_over {
            let passed = !self.was_wrong;
            (over(passed).to_owned(), LessonPart::Over { passed })
        } else if self.has_begun {
            (step.text.clone(), self.part())
        } else {
            ("The backends start: the lesson begins when all of them are UP.".to_owned(), LessonPart::Say)
        };
        let hints: &[String] = match &step.kind {
            StepKind::Do(wanted) if self.has_begun && !self.is_over => &wanted.hints,
            _ => &[],
        };
        LessonView {
            title: self.lesson.title.clone(),
            number: self.number,
            step: self.at + 1,
            of: self.lesson.steps.len(),
            text,
            part,
            hints: hints[..self.step.hints.min(hints.len())].to_vec(),
            shown: if self.has_begun && !self.is_over { self.retold() } else { Vec::new() },
            has_hint: self.step.hints < hints.len(),
            may_go_on: self.may_go_on(),
            notice: self.told(),
            hides_faults: self.lesson.hides_faults
                && !self.is_over
                && !matches!(self.current().kind, StepKind::Debrief(_)),
        }
    }

    fn part(&self) -> LessonPart {
        match &self.current().kind {
            StepKind::Say => LessonPart::Say,
            StepKind::Debrief(_) => LessonPart::Debrief,
            StepKind::Ask(ask) => LessonPart::Ask {
                choices: ask.choices.iter().map(|choice| choice.text.clone()).collect(),
                answered: self.step.answered.clone(),
            },
            StepKind::Do(_) => {
                LessonPart::Do { checks: self.step.rows.clone(), seconds_left: self.left().map(|left| left.as_secs()) }
            }
        }
    }

    fn told(&self) -> Option<String> {
        if self.step.is_late {
            return Some("the time for this step is over: Enter begins it again".to_owned());
        }
        self.notice.clone()
    }
}

fn over(passed: bool) -> &'static str {
    if passed {
        "That was the lesson: everything was done, and measured."
    } else {
        "That was the lesson. An answer that had to be right was not: begin it again to pass it."
    }
}
