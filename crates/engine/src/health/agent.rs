//! Reads a backend's agent report from the fields of its response to a check (`health.agent`).

use std::fmt::Write as _;

use crate::balancer::AgentWord;

const WEIGHT: &str = "x-lb-weight";

const STATE: &str = "x-lb-state";

const LOAD: &str = "x-lb-load";

/// A backend's agent report. Missing and malformed fields get their defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// The percentage of its configured weight that it asks for, 1 to 100.
    pub(crate) percent: u32,
    /// The state that it asks for.
    pub(crate) word: AgentWord,
    /// Descriptions of malformed fields; empty if there are none.
    pub(crate) nonsense: String,
}

impl Report {
    /// Reads a report from a response's fields; `value` returns the first value of a field name.
    pub(crate) fn read<'h>(value: impl Fn(&str) -> Option<&'h [u8]>) -> Self {
        let mut nonsense = String::new();
        let weight = field(WEIGHT, value(WEIGHT), "1 to 100", weight, &mut nonsense).unwrap_or(100);
        let load = field(LOAD, value(LOAD), "0.0 to 1.0", load, &mut nonsense).unwrap_or(0.0);
        let word = field(STATE, value(STATE), "ready, drain or maint", word, &mut nonsense).unwrap_or_default();
        Report { percent: percent(weight, load), word, nonsense }
    }
}

/// Combines weight and load. At least 1, so that a fully loaded backend still gets some clients; it can drain to get
/// none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 1 to 100")]
fn percent(weight: u32, load: f64) -> u32 {
    (f64::from(weight) * (1.0 - load)).round().clamp(1.0, 100.0) as u32
}

/// The field's value as parsed by `read`. If that fails, appends a description to `nonsense`.
fn field<T>(
    name: &str,
    value: Option<&[u8]>,
    good: &str,
    read: impl Fn(&str) -> Option<T>,
    nonsense: &mut String,
) -> Option<T> {
    let value = std::str::from_utf8(value?).ok().and_then(|text| read(text.trim()));
    if value.is_none() {
        // Writing to a string cannot fail.
        let _ = write!(nonsense, "; {name} is not {good}");
    }
    value
}

fn weight(text: &str) -> Option<u32> {
    let plain = text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|weight| plain && (1..=100).contains(weight))
}

fn load(text: &str) -> Option<f64> {
    text.parse().ok().filter(|load| (0.0..=1.0).contains(load))
}

fn word(text: &str) -> Option<AgentWord> {
    match text {
        "ready" => Some(AgentWord::Ready),
        "drain" => Some(AgentWord::Drain),
        "maint" => Some(AgentWord::Maint),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report(weight: &[u8], state: &[u8], load: &[u8]) -> Report {
        let fields = [(WEIGHT, weight), (STATE, state), (LOAD, load)];
        Report::read(|name| fields.iter().find(|field| field.0 == name).map(|field| field.1))
    }

    #[test]
    fn weight_and_load_are_followed_together() {
        let percent = |weight: &str, load: &str| report(weight.as_bytes(), b"ready", load.as_bytes()).percent;
        assert_eq!(percent("100", "0.0"), 100);
        assert_eq!(percent("50", "0"), 50);
        assert_eq!(percent("50", "0.5"), 25);
        assert_eq!(percent("1", "1.0"), 1);
        assert_eq!(Report::read(|_| None).percent, 100);
    }

    #[test]
    fn what_makes_no_sense_is_as_if_it_were_not_said_and_is_named() {
        for weight in ["0", "101", "-1", "+5", "5.0", "", "50%", "many"] {
            let report = report(weight.as_bytes(), b"drain", b"0.5");
            assert_eq!((report.percent, report.word), (50, AgentWord::Drain), "{weight}");
            assert_eq!(report.nonsense, "; x-lb-weight is not 1 to 100");
        }
        for load in ["NaN", "inf", "-0.1", "1.1", "half"] {
            assert_eq!(report(b"40", b"READY", load.as_bytes()).percent, 40, "{load}");
        }
    }

    proptest! {
        #[test]
        fn hostile_values_never_crash(weight: Vec<u8>, state: Vec<u8>, load: Vec<u8>) {
            let report = report(&weight, &state, &load);
            prop_assert!((1..=100).contains(&report.percent));
        }

        #[test]
        fn every_number_is_a_percentage_within_bounds(weight in "[-+0-9.eE%]{0,8}", load in "[-+0-9.eEinfNa]{0,8}") {
            let report = report(weight.as_bytes(), b"ready", load.as_bytes());
            prop_assert!((1..=100).contains(&report.percent));
        }
    }
}
