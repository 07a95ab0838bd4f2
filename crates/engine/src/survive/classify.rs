//! What a difference between copies is called.

use stickylb_survive::{Answer, CopyNames, Difference, End, Judgement, Request};

use super::compare::Compared;
use super::ids::Ids;
use super::report::details;
use crate::api::{SurviveEntry, SurviveKind, SurviveVerdict};

/// The most words that name a place where answers differ.
const PLACE: usize = 60;

/// A difference that is there for everyone who asks.
pub(crate) fn for_everyone(
    request: &Request,
    group: &str,
    compared: &Compared,
    ids: &Ids,
    names: &[CopyNames],
) -> SurviveEntry {
    let judgement = &compared.judgement;
    let verdict = SurviveVerdict::BreaksEvenWithIt;
    let gone = compared.answers.iter().find(|answer| matches!(answer.status, 404 | 410));
    let has_it = compared.answers.iter().any(|answer| (200..300).contains(&answer.status));
    let (kind, words) = match gone {
        Some(gone) if has_it && ids.asks_for_what_was_made(request) => {
            (SurviveKind::UploadGone, format!("upload gone ({})", gone.status))
        }
        _ if is_counted(judgement) => (SurviveKind::CounterPerCopy, counter(&judgement.counters)),
        _ => (SurviveKind::StatePerCopy, format!("copies differ: {}", place(&judgement.differences))),
    };
    entry(verdict, kind, words, request, group, compared, names)
}

/// A difference that is there only with the ids of a client; `id` is the one that makes it, where it is one alone.
pub(crate) fn for_its_client(
    request: &Request,
    group: &str,
    compared: &Compared,
    id: Option<&str>,
    names: &[CopyNames],
) -> SurviveEntry {
    let id = id.unwrap_or_default();
    let (kind, words) = lost(&compared.answers, id);
    let mut entry = entry(SurviveVerdict::NeedsStickiness, kind, words, request, group, compared, names);
    entry.learn = learnt(request, id).map(Into::into);
    entry
}

/// Whether what differs is a count, and what goes with it.
fn is_counted(judgement: &Judgement) -> bool {
    let is_of_count = |difference: &Difference| {
        let place = difference.place.to_ascii_lowercase();
        let is_limits = place.starts_with("header ") && (place.contains("ratelimit") || place.contains("rate-limit"));
        is_limits || judgement.counters.iter().any(|counter| counter.place == difference.place)
    };
    judgement.differences.is_empty() || !judgement.counters.is_empty() && judgement.differences.iter().all(is_of_count)
}

/// Whether a copy upgrades a connection that another refuses: the session that it belongs to is on one of them alone, whatever
/// they answer to a request without it.
pub(crate) fn is_of_its_connection(request: &Request, compared: &Compared) -> bool {
    let had = |status: &dyn Fn(u16) -> bool| compared.answers.iter().any(|answer| status(answer.status));
    request.fields.text("upgrade").is_some()
        && had(&|status| status == 101)
        && had(&|status| (400..500).contains(&status))
}

/// What its client loses on a copy that is not its own.
fn lost(answers: &[Answer], id: &str) -> (SurviveKind, String) {
    let is_good = |answer: &&Answer| (answer.status < 300 && answer.status != 0) || is_held(answer);
    let has_good = answers.iter().any(|answer| is_good(&answer));
    let bad = answers.iter().find(|answer| !is_good(answer)).filter(|_| has_good);
    let Some(bad) = bad else { return (SurviveKind::SessionLost, "its session is not known to every copy".to_owned()) };
    let status = bad.status;
    match status {
        300..=399 => {
            let to = bad.fields.text("location").unwrap_or_default();
            let to = to.split(['?', '#']).next().unwrap_or_default();
            (SurviveKind::SessionLost, format!("session lost ({status} {to})"))
        }
        401 => (SurviveKind::SessionLost, "session lost (401)".to_owned()),
        403 | 419 | 422 => (SurviveKind::CsrfRefused, format!("token refused ({status})")),
        400 | 404 | 410 if !id.starts_with("cookie:") => (SurviveKind::UnknownId, format!("{status} unknown id")),
        0 => (SurviveKind::SessionLost, "session lost (no answer)".to_owned()),
        _ => (SurviveKind::SessionLost, format!("session lost ({status})")),
    }
}

/// Whether a copy waits for something to tell to this client.
fn is_held(answer: &Answer) -> bool {
    answer.end == End::Held && matches!(answer.status, 0 | 200..=299)
}

/// What to learn, in the words of `sticky.from`: a framework's, where it is one that is known. Where an id in a query or an
/// `Authorization` came from, one request does not tell.
fn learnt(request: &Request, id: &str) -> Option<String> {
    let is = |text: &str| id.eq_ignore_ascii_case(text);
    if is("query:sid") && request.query().split('&').any(|pair| pair.starts_with("EIO=")) {
        Some("socket.io".to_owned())
    } else if is("header:mcp-session-id") {
        Some("mcp".to_owned())
    } else if id.is_empty() || id.starts_with("query:") || is("header:authorization") {
        None
    } else {
        Some(id.to_owned())
    }
}

/// The line for a request that was compared.
fn entry(
    verdict: SurviveVerdict,
    kind: SurviveKind,
    words: String,
    request: &Request,
    group: &str,
    compared: &Compared,
    names: &[CopyNames],
) -> SurviveEntry {
    let mut entry = SurviveEntry::new(verdict, &request.method, group, words);
    entry.kind = Some(kind);
    let judgement = &compared.judgement;
    let differences = judgement.differences.iter().chain(&judgement.counters).take(2);
    entry.details = details(differences.flat_map(|difference| lines(difference, names)));
    entry.times = compared.times;
    entry
}

/// What each copy has in one place, a line each: `alpha: status 302`.
pub(crate) fn lines(difference: &Difference, names: &[CopyNames]) -> Vec<String> {
    let line = |(value, copy): (&String, &CopyNames)| {
        let value = if value.is_empty() { "(nothing)" } else { value };
        format!("{}: {} {value}", copy.name, difference.place)
    };
    difference.values.iter().zip(names).map(line).collect()
}

fn counter(counters: &[Difference]) -> String {
    match counters.first() {
        Some(counter) => format!("counter per copy: {}", shortened(&counter.place)),
        None => "counter per copy".to_owned(),
    }
}

fn place(differences: &[Difference]) -> String {
    let first = differences.first().map(|difference| shortened(&difference.place)).unwrap_or_default();
    match differences.len() {
        0 | 1 => first,
        more => format!("{first} and {} more", more - 1),
    }
}

fn shortened(place: &str) -> String {
    if place.chars().count() <= PLACE {
        place.to_owned()
    } else {
        place.chars().take(PLACE).collect::<String>() + "…"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb_survive::Fields;

    fn answer(status: u16, location: &str) -> Answer {
        let fields = Fields(vec![("location".to_owned(), location.as_bytes().to_vec())]);
        Answer { status, fields, ..Answer::default() }
    }

    fn compared(answers: Vec<Answer>) -> Compared {
        let difference = Difference { place: "status".to_owned(), values: vec!["200".to_owned(), String::new()] };
        let judgement = Judgement { differences: vec![difference], ..Judgement::default() };
        Compared { answers, judgement, held: false, times: 12 }
    }

    fn told(answers: [Answer; 2], target: &str, id: &str) -> (Option<SurviveKind>, String, String) {
        let request = Request { method: "GET".to_owned(), target: target.to_owned(), ..Request::default() };
        let entry = for_its_client(&request, request.path(), &compared(answers.into()), Some(id), &[]);
        (entry.kind, entry.words.to_string(), entry.learn.expect("an id").to_string())
    }

    #[test]
    fn a_lost_client_is_told_by_what_the_other_copy_answered_and_what_to_learn() {
        let lost = told([answer(200, ""), answer(302, "/login?next=/cart")], "/cart", "cookie:sid");
        assert_eq!(lost, (Some(SurviveKind::SessionLost), "session lost (302 /login)".into(), "cookie:sid".into()));
        let unknown = told([answer(200, ""), answer(400, "")], "/socket.io/?EIO=4&sid=abc", "query:sid");
        assert_eq!(unknown, (Some(SurviveKind::UnknownId), "400 unknown id".into(), "socket.io".into()));
        let refused = told([answer(200, ""), answer(403, "")], "/form", "cookie:csrf");
        assert_eq!(refused.0, Some(SurviveKind::CsrfRefused));
        let other = told([answer(200, ""), answer(200, "")], "/cart", "cookie:sid");
        assert_eq!(other.0, Some(SurviveKind::SessionLost));
    }

    #[test]
    fn each_copy_has_a_line_of_what_it_answered() {
        let name = |name: &str| CopyNames { name: name.to_owned(), ..CopyNames::default() };
        let difference = Difference { place: "/price".to_owned(), values: vec!["3".to_owned(), String::new()] };
        assert_eq!(lines(&difference, &[name("alpha"), name("bravo")]), ["alpha: /price 3", "bravo: /price (nothing)"]);
    }
}
