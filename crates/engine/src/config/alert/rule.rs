//! The language of alerts: `p95>500ms for=10s`, `backend:alpha errors>1%`, `pool:web up<2`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::error::{AlertError, wrong};
use super::figure::{FIGURES, Figure, split};
use super::scope::AlertScope;
use super::words::{Word, words};
use crate::config::nearest::nearest;

/// How long an alert's condition must hold, or not hold any more, unless `for=` says it.
const HOLD: Duration = Duration::from_secs(10);

/// The longest time of `for=`: a day.
const LONGEST: u64 = 86_400;

/// Longest first, so that `>=` is not read as `>`.
const OPERATORS: [&str; 8] = [">=", "<=", "!=", ":", "=", "~", ">", "<"];

const COMPARES: [(&str, Compare); 4] =
    [(">=", Compare::AtLeast), ("<=", Compare::AtMost), (">", Compare::More), ("<", Compare::Less)];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Compare {
    More,
    AtLeast,
    Less,
    AtMost,
}

/// When an alert begins and ends: comparisons of figures with limits, over all backends or some, for a time.
///
/// It is parsed from its text, and displayed as that. Two with the same text are equal.
#[derive(Clone, Debug)]
pub struct AlertRule {
    text: String,
    conditions: Vec<Condition>,
    hold: Duration,
    scope: AlertScope,
}

#[derive(Clone, Copy, Debug)]
struct Condition {
    figure: Figure,
    compare: Compare,
    /// Microseconds, per cent, or a count.
    limit: f64,
}

impl PartialEq for AlertRule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for AlertRule {}

impl fmt::Display for AlertRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for AlertRule {
    type Err = AlertError;

    fn from_str(text: &str) -> Result<Self, AlertError> {
        let words = words(text)?;
        let mut rule =
            AlertRule { text: String::new(), conditions: Vec::new(), hold: HOLD, scope: AlertScope::default() };
        let mut seen = Vec::new();
        for word in &words {
            let name = rule.read(word)?;
            if ["for", "pool", "backend"].contains(&name) {
                if seen.contains(&name) {
                    return wrong(word.at, format!("'{name}' is written twice: leave one"));
                }
                seen.push(name);
            }
        }
        if rule.conditions.is_empty() {
            return wrong(0, "an alert compares a figure with a limit: write one such as p95>500ms");
        }
        rule.text = words.iter().map(|word| word.written).collect::<Vec<_>>().join(" ");
        Ok(rule)
    }
}

impl AlertRule {
    /// How long its conditions must hold before it begins, and not hold before it ends.
    pub fn hold(&self) -> Duration {
        self.hold
    }

    pub(crate) fn scope(&self) -> &AlertScope {
        &self.scope
    }

    /// Whether its conditions hold; `None` where that cannot be known, because a figure is.
    pub(crate) fn holds(&self, value: impl Fn(Figure) -> Option<f64>) -> Option<bool> {
        let each = self.conditions.iter().map(|condition| value(condition.figure).map(|value| condition.holds(value)));
        each.reduce(|all, one| match (all, one) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        })
        .flatten()
    }

    /// The figures that it compares, in words.
    pub(crate) fn in_words(&self, value: impl Fn(Figure) -> Option<f64>) -> String {
        let mut words: Vec<String> = Vec::new();
        for Condition { figure, .. } in &self.conditions {
            let said = figure.in_words(value(*figure));
            if !words.contains(&said) {
                words.push(said);
            }
        }
        words.join(", ")
    }

    /// Reads one word; gives the name it begins with.
    fn read<'w>(&mut self, word: &'w Word<'_>) -> Result<&'w str, AlertError> {
        let name = word.name();
        let operator = OPERATORS.into_iter().find(|operator| word.after(name.len()).starts_with(operator));
        let Some(operator) = operator.filter(|_| !name.is_empty()) else {
            let near = if names().any(|known| known == name) { String::new() } else { nearest(name, names()) };
            return wrong(
                word.at,
                format!("'{}' compares nothing: write p95>500ms, errors>1%, up<2{near}", word.written),
            );
        };
        let operator_at = word.at + name.len();
        let (value, value_at) = (word.value(name.len() + operator.len()), operator_at + operator.len());
        let is_given = matches!(operator, ":" | "=");
        match name {
            "for" | "pool" | "backend" if !is_given => {
                return wrong(operator_at, format!("{name} is no figure: write {name}{}", example(name)));
            }
            "for" => self.hold = hold(&value, value_at)?,
            "pool" | "backend" if value.is_empty() => return wrong(value_at, format!("{name}{operator} what?")),
            "pool" => self.scope.pool = Some(value),
            "backend" => self.scope.backend = Some(value),
            _ => {
                let Some((_, figure)) = FIGURES.iter().find(|(known, _)| *known == name) else {
                    let near = nearest(name, names());
                    let all = FIGURES.map(|(known, _)| known).join(", ");
                    return wrong(word.at, format!("there is no figure '{name}': write {all}{near}"));
                };
                let Some((_, compare)) = COMPARES.iter().find(|(known, _)| *known == operator) else {
                    return wrong(operator_at, format!("{name} is compared with > or >= or < or <="));
                };
                let limit = figure.limit(&format!("{name}{operator}"), &value, value_at)?;
                self.conditions.push(Condition { figure: *figure, compare: *compare, limit });
            }
        }
        Ok(name)
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    FIGURES.into_iter().map(|(name, _)| name).chain(["for", "pool", "backend"])
}

fn example(name: &str) -> &'static str {
    match name {
        "for" => "=10s",
        "pool" => ":web",
        _ => ":alpha",
    }
}

/// The time of `for=`, in whole seconds.
fn hold(value: &str, at: usize) -> Result<Duration, AlertError> {
    let (digits, unit) = split(value);
    let factor = match unit {
        "s" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let seconds = digits.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    match seconds {
        Some(seconds) if seconds <= LONGEST => Ok(Duration::from_secs(seconds)),
        Some(_) => wrong(at, "for= is at most a day: 24h"),
        None => wrong(at, "for= wants a time in whole seconds, minutes or hours, such as 10s or 2m"),
    }
}

impl Condition {
    fn holds(self, value: f64) -> bool {
        match self.compare {
            Compare::More => value > self.limit,
            Compare::AtLeast => value >= self.limit,
            Compare::Less => value < self.limit,
            Compare::AtMost => value <= self.limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (usize, String) {
        let error = text.parse::<AlertRule>().expect_err(text);
        (error.at, error.message)
    }

    #[test]
    fn an_alert_is_read_as_the_filter_is_written() {
        let rule: AlertRule = " p95>=0.5s  rate>10 for=2m pool:web backend:\"two words\" ".parse().expect("good");
        assert_eq!(rule.to_string(), "p95>=0.5s rate>10 for=2m pool:web backend:\"two words\"");
        assert_eq!((rule.hold(), rule.conditions.len()), (Duration::from_mins(2), 2));
        let scope = AlertScope { pool: Some("web".to_owned()), backend: Some("two words".to_owned()) };
        assert_eq!(*rule.scope(), scope);
        for text in ["p50>1us", "p99<2s", "errors>0.5%", "rate<1", "in-flight>50", "up<2", "down>0 for:0s"] {
            assert!(text.parse::<AlertRule>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_what_to_write() {
        for (text, at, message) in [
            ("", 0, "an alert compares a figure with a limit: write one such as p95>500ms"),
            ("for=10s", 0, "an alert compares a figure with a limit: write one such as p95>500ms"),
            ("p95", 0, "'p95' compares nothing: write p95>500ms, errors>1%, up<2"),
            ("up<1 p59>500ms", 5, "there is no figure 'p59': write p50, p95, p99, errors, rate, in-flight, up, down"),
            ("p95=500ms", 3, "p95 is compared with > or >= or < or <="),
            ("p95>", 4, "p95> wants a time, such as 500ms or 2s"),
            ("p95>500", 4, "p95> wants a time with its unit, such as 500ms or 2s"),
            ("p95>5m", 5, "'m' is no unit here: write p95>500ms or 2s"),
            ("errors>1", 7, "errors> wants a share of the answers with its unit, such as 1% or 0.5%"),
            ("errors>101%", 7, "a share is at most 100%"),
            ("up<two", 3, "up< wants a number of backends, such as 2"),
            ("up<2 for=500ms", 9, "for= wants a time in whole seconds, minutes or hours, such as 10s or 2m"),
            ("up<2 for=25h", 9, "for= is at most a day: 24h"),
            ("up<2 for>10s", 8, "for is no figure: write for=10s"),
            ("up<2 for=1s for=2s", 12, "'for' is written twice: leave one"),
            ("up<2 backend:", 13, "backend: what?"),
            ("up<2 pool:\"we", 10, "this quote has no end"),
        ] {
            let (found_at, found) = error(text);
            assert!(found_at == at && found.starts_with(message), "{text}: {found_at}: {found}");
        }
        assert!(error("eror>1%").1.ends_with(", did you mean 'errors'?"));
    }

    #[test]
    fn conditions_hold_together_and_what_is_unknown_decides_nothing() {
        let rule: AlertRule = "p95>500ms rate>10".parse().expect("good");
        let holds = |p95: Option<f64>, rate: Option<f64>| rule.holds(|f| if f == Figure::P95 { p95 } else { rate });
        assert_eq!(holds(Some(600e3), Some(11.0)), Some(true));
        assert_eq!(holds(Some(600e3), Some(10.0)), Some(false));
        assert_eq!((holds(None, Some(11.0)), holds(None, Some(1.0))), (None, Some(false)));
        let words = rule.in_words(|f| if f == Figure::P95 { Some(812_300.0) } else { None });
        assert_eq!(words, "p95 is 812 ms, rate is unknown");
    }

    #[test]
    fn no_text_at_all_can_break_it() {
        let pieces = [
            "p95",
            ">",
            "<=",
            "\"",
            "for",
            "=",
            "10s",
            "日",
            " ",
            ":",
            "%",
            "errors",
            "1",
            "\u{1b}",
            "99999999999999999999h",
        ];
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..5_000 {
            let text: String = (0..random.usize(..8)).map(|_| pieces[random.usize(..pieces.len())]).collect();
            if let Err(error) = text.parse::<AlertRule>() {
                assert!(text.is_char_boundary(error.at), "{text}");
            }
        }
    }
}
