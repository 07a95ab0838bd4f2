//! What is told of apps whose copies are known to differ, or not to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod apps;
mod bounds;
mod documents;
mod hostile;
mod noise;

use std::time::Duration;

use super::{CopyNames, Judgement, Sample, judge};
use crate::{Answer, End, Fields};

/// What a copy answers: its place, how many requests it has had, and how many all have had.
type App<'a> = dyn Fn(usize, usize, usize) -> Answer + 'a;

fn answer(media: &str, body: impl Into<String>) -> Answer {
    let fields = Fields(vec![("Content-Type".to_owned(), media.as_bytes().to_vec())]);
    Answer { status: 200, fields, body: body.into().into_bytes(), end: End::Whole }
}

fn json(body: impl Into<String>) -> Answer {
    answer("application/json", body)
}

fn html(body: impl Into<String>) -> Answer {
    answer("text/html; charset=utf-8", body)
}

fn with(mut answer: Answer, name: &str, value: &str) -> Answer {
    answer.fields.0.push((name.to_owned(), value.as_bytes().to_vec()));
    answer
}

fn copies() -> [CopyNames; 2] {
    [0, 1].map(|copy| CopyNames {
        name: ["alpha", "beta"][copy].to_owned(),
        port: Some([5001, 5002][copy]),
        pid: Some([4711, 4712][copy]),
        instance: Some(copy),
    })
}

/// A B B A, as often as is asked for.
fn samples(rounds: usize, app: &App<'_>) -> Vec<Sample> {
    let mut own = [0; 2];
    let mut at = Duration::ZERO;
    (0..4 * rounds)
        .map(|nth| {
            let copy = [0, 1, 1, 0][nth % 4];
            own[copy] += 1;
            at += Duration::from_millis(90 + (nth as u64 * 37) % 230);
            Sample { copy, at, answer: app(copy, own[copy], nth) }
        })
        .collect()
}

fn judged(app: &App<'_>) -> Judgement {
    judge(&samples(6, app), &copies())
}
