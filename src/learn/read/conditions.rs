//! Reads what a step waits for.

use std::time::Duration;
use stickylb::api::{State, StickyBy, Strategy};
use stickylb::program::{Location, Node, nearest, time};
use stickylb::untrusted::Untrusted;

use crate::learn::condition::{Check, Checks, Condition, Pane};
use crate::learn::figure::{Comparison, FIGURES, Figure, backend, parts};

/// The longest a condition may have to hold, and the longest a step may take.
const LONGEST: Duration = Duration::from_hours(1);

/// What else stands in a condition beside figures.
const OTHERS: [&str; 14] = [
    "all", "any", "not", "for", "over", "strategy", "sticky", "state", "seen", "fault", "opened", "filtered",
    "selected", "traffic",
];

pub(super) const STATES: [State; 6] =
    [State::Up, State::Down, State::Ejected, State::Drain, State::Maint, State::Starting];

/// What a fault can be, and that there is none.
const FAULTS: [&str; 10] =
    ["none", "latency", "error", "refuse", "blackhole", "hang", "reset", "slow", "truncate", "flaky"];

/// A condition: an object.
pub(super) fn read(n: Node<'_, '_>, backends: &[String]) -> Option<Condition> {
    let mut all = Vec::new();
    let mut checks = Checks { each: Vec::new(), held_for: Duration::ZERO, over: None };
    let mut seen = Vec::new();
    let mut is_good = true;
    n.entries(|key, place, n| {
        if seen.iter().any(|one| one == key) {
            n.wrong_there(&place, "is written twice: leave one".to_owned());
        }
        seen.push(key.to_owned());
        let found = match key {
            "all" => n.list(|n| read(n, backends)).filter(|of| !of.is_empty()).map(|of| all.push(Condition::All(of))),
            "any" => n.list(|n| read(n, backends)).filter(|of| !of.is_empty()).map(|of| all.push(Condition::Any(of))),
            "not" => read(n, backends).map(|of| all.push(Condition::Not(Box::new(of)))),
            "for" => n.parsed(duration).map(|time| checks.held_for = time),
            "over" => n.integer(1, 10_000).map(|count: usize| checks.over = Some(count)),
            _ => check(key, &place, n, backends).map(|check| checks.each.push(check)),
        };
        is_good &= found.is_some();
    })?;
    if !is_good {
        return None;
    }
    let is_alone = checks.each.is_empty();
    if is_alone && (checks.over.is_some() || !checks.held_for.is_zero()) {
        return n.wrong("'for' and 'over' are of what stands beside them: write them into the object of a check");
    }
    if !is_alone {
        all.push(Condition::Checks(checks));
    }
    match all.len() {
        0 => n.wrong("must have at least one condition, such as {\"strategy\": \"hash\"}"),
        1 => all.pop(),
        _ => Some(Condition::All(all)),
    }
}

/// `10s`, `1.5s`, `2m`; not zero.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let found = time(text).filter(|time| !time.is_zero() && *time <= LONGEST);
    found.ok_or_else(|| format!("'{}' is no time: write such as \"10s\", at most 60m", Untrusted::new(text)))
}

fn check(key: &str, place: &Location, n: Node<'_, '_>, backends: &[String]) -> Option<Check> {
    let there = |message: String| -> Option<Check> {
        n.wrong_there(place, message);
        None
    };
    let Some((name, of)) = parts(key) else { return there("a bracket is not closed".to_owned()) };
    if let Some(figure) = Figure::read(name, of, backends) {
        let figure = match figure {
            Ok(figure) => figure,
            Err(message) => return there(message),
        };
        let unit = figure.what.known().unit;
        let comparison = n.either(
            n.is_string(),
            |n| n.parsed(|text| Comparison::read(text, unit)),
            |n| n.integer(0, u64::from(u32::MAX)).map(|number: u32| Comparison::Equal(f64::from(number))),
        )?;
        return Some(Check::Figure(figure, comparison));
    }
    if matches!(name, "state" | "seen" | "fault") {
        let Some(of) = of else { return there(format!("needs a backend: {name}({})", backends[0])) };
        if let Err(message) = backend(of, backends) {
            return there(message);
        }
        let of = of.to_owned();
        return Some(match name {
            "state" => Check::State(of, states(n)?),
            "seen" => Check::Seen(of, states(n)?),
            _ => Check::Fault(of, Some(fault(n)?).filter(|kind| kind != "none")),
        });
    }
    if let (Some(_), true) = (of, OTHERS.contains(&name)) {
        return there(format!("takes nothing in brackets: {name}"));
    }
    Some(match name {
        "strategy" => Check::Strategy(one_or_several(n, |n| n.parsed(str::parse::<Strategy>))?),
        "sticky" => Check::Sticky(one_or_several(n, |n| n.parsed(str::parse::<StickyBy>))?),
        "opened" => Check::Opened(n.one_of(&Pane::ALL)?),
        "filtered" => Check::Filtered(n.either(
            n.is_string(),
            |n| n.string().map(Some),
            |n| {
                let wrong = "is true or the filter's text; write it below 'not' for none";
                if n.boolean()? { Some(None) } else { n.wrong(wrong) }
            },
        )?),
        "selected" => Check::Selected(n.parsed(|name| backend(name, backends).map(|()| name.to_owned()))?),
        "traffic" => Check::Traffic(n.one_of(&[("on", true), ("off", false)])?),
        _ => {
            let figures = FIGURES.iter().map(|known| known.name);
            let near = nearest(name, figures.chain(OTHERS));
            return there(format!("is not a known condition{near}"));
        }
    })
}

fn fault(n: Node<'_, '_>) -> Option<String> {
    n.one_of(&FAULTS.map(|fault| (fault, fault))).map(str::to_owned)
}

/// A state, or a list of them.
fn states(n: Node<'_, '_>) -> Option<Vec<State>> {
    let names = STATES.map(|state| (state.word(), state));
    one_or_several(n, |n| n.one_of(&names))
}

fn one_or_several<'a, T>(n: Node<'_, 'a>, read: impl Fn(Node<'_, 'a>) -> Option<T>) -> Option<Vec<T>> {
    if !n.is_array() {
        return read(n).map(|one| vec![one]);
    }
    let mut list = Vec::new();
    let count = n.each(|n| list.extend(read(n)))?;
    match count {
        0 => n.wrong("must name at least one"),
        _ => Some(list).filter(|list| list.len() == count),
    }
}
