//! What copies of an app answer, as `survive` compares it.
//!
//! The target checks that equal answers are equal, that it does not matter which copy is named first, and that what is shown
//! is bounded. The input is an answer of each of two copies, one behind the other: a line with the type, a line with the
//! encoding, and the body.

use std::time::Duration;

use stickylb_survive::{Answer, CopyNames, Difference, End, Fields, Judgement, Sample, judge};

/// Parts of pages and documents.
pub const TOKENS: &[&str] = &[
    "application/json\n\n",
    "text/html\n\n",
    "text/plain\ngzip\n",
    "application/x-ndjson\n\n",
    BETWEEN,
    "{\"a\":[1,2,{\"b\":null}]}",
    "{\"port\":5001}",
    "{\"startedAt\":\"2026-11-29T10:31:22Z\"}",
    "[[[[",
    "\"\\ud83d\"",
    "<ul><li>a<li>b</ul>",
    "<script type=\"application/json\">{\"a\":1}</script>",
    "<p class=\"a b\">",
    "</p>",
    "<!--",
    "<textarea>",
    "&amp;",
    "5001",
    "5002",
    "alpha",
    "2026-11-29T10:31:22.123Z",
    "0b8e4a52-7c19-4e0f-9d21-3f5a6b7c8d9e",
    "0x7f3a2b1c4d50",
    "17",
    "\n",
    "\u{feff}",
    "日本",
    "\u{1b}",
    "\0",
];

/// What stands between the two answers.
const BETWEEN: &str = "\n----\n";

/// The most characters of a value that is shown.
const SHOWN: usize = 80;

fn answer(data: &[u8]) -> Answer {
    let line = |data: &[u8]| data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (media, rest) = data.split_at(line(data));
    let rest = rest.get(1..).unwrap_or_default();
    let (encoding, rest) = rest.split_at(line(rest));
    let mut fields = vec![("Content-Type".to_owned(), media.to_vec()), ("Set-Cookie".to_owned(), encoding.to_vec())];
    if !encoding.is_empty() {
        fields.push(("Content-Encoding".to_owned(), encoding.to_vec()));
    }
    let end = if media.ends_with(b" ") { End::Longer } else { End::Whole };
    let body = rest.get(1..).unwrap_or_default().to_vec();
    let mut answer = Answer { status: 200, fields: Fields(fields), body, end };
    answer.unpack();
    assert!(answer.body.len() <= 1 << 20, "{} bytes", answer.body.len());
    answer
}

fn names() -> [CopyNames; 2] {
    [("alpha", 5001, 0), ("beta", 5002, 1)].map(|(name, port, instance)| CopyNames {
        name: name.to_owned(),
        port: Some(port),
        pid: None,
        instance: Some(instance),
    })
}

/// A B B A A B B A, after a long while.
fn judged(answers: [&Answer; 2], names: &[CopyNames]) -> Judgement {
    let sample = |(nth, copy): (usize, usize)| Sample {
        copy,
        at: Duration::from_secs(nth as u64),
        answer: answers[copy].clone(),
    };
    judge(&[0, 1, 1, 0, 0, 1, 1, 0].into_iter().enumerate().map(sample).collect::<Vec<_>>(), names)
}

fn places(of: &[Difference]) -> Vec<&str> {
    of.iter().map(|one| one.place.as_str()).collect()
}

/// Two answers.
pub fn target(data: &[u8]) {
    let between = data.windows(BETWEEN.len()).position(|bytes| bytes == BETWEEN.as_bytes());
    let (one, other) = between.map_or((data, data), |at| (&data[..at], &data[at + BETWEEN.len()..]));
    let (one, other) = (answer(one), answer(other));
    let [alpha, beta] = names();
    for same in [&one, &other] {
        let judgement = judged([same, same], &[alpha.clone(), beta.clone()]);
        assert!(judgement.differences.is_empty() && judgement.counters.is_empty(), "{judgement:?}");
        assert!(judgement.names_itself.is_empty() && judgement.inconclusive.is_none(), "{judgement:?}");
    }
    let judgement = judged([&one, &other], &[alpha.clone(), beta.clone()]);
    let turned = judged([&other, &one], &[beta, alpha]);
    assert_eq!(places(&judgement.differences), places(&turned.differences), "the other way round");
    assert_eq!(places(&judgement.names_itself), places(&turned.names_itself), "the other way round");
    assert!(judgement.counters.is_empty(), "a counter that stands still");
    for found in judgement.differences.iter().chain(&judgement.names_itself) {
        assert!(!found.place.is_empty() && found.values.len() == 2, "{found:?}");
        assert!(found.values.iter().all(|value| value.chars().count() <= SHOWN), "{found:?}");
    }
}
