//! The figures that an alert compares with limits.

use super::error::{AlertError, wrong};

/// What an alert compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    P50,
    P95,
    P99,
    /// Share of 5xx answers, in per cent.
    Errors,
    /// Requests per second.
    Rate,
    /// Requests without their response's end.
    InFlight,
    /// Backends that are UP.
    Up,
    /// Backends that are DOWN.
    Down,
}

/// Each by its name.
pub(super) const FIGURES: [(&str, Figure); 8] = [
    ("p50", Figure::P50),
    ("p95", Figure::P95),
    ("p99", Figure::P99),
    ("errors", Figure::Errors),
    ("rate", Figure::Rate),
    ("in-flight", Figure::InFlight),
    ("up", Figure::Up),
    ("down", Figure::Down),
];

impl Figure {
    /// What this is compared with: `before` is the name and the operator, for messages.
    pub(super) fn limit(self, before: &str, value: &str, at: usize) -> Result<f64, AlertError> {
        let (digits, unit) = split(value);
        let (wants, example) = match self {
            Figure::P50 | Figure::P95 | Figure::P99 => ("a time", "500ms or 2s"),
            Figure::Errors => ("a share of the answers", "1% or 0.5%"),
            Figure::Rate | Figure::InFlight => ("a number", "100"),
            Figure::Up | Figure::Down => ("a number of backends", "2"),
        };
        let Ok(number) = digits.parse::<f64>() else {
            return wrong(at, format!("{before} wants {wants}, such as {example}"));
        };
        let factor = match (self, unit.to_ascii_lowercase().as_str()) {
            (Figure::P50 | Figure::P95 | Figure::P99, "ms") => 1e3,
            (Figure::P50 | Figure::P95 | Figure::P99, "s") => 1e6,
            (Figure::P50 | Figure::P95 | Figure::P99, "us" | "µs")
            | (Figure::Errors, "%")
            | (Figure::Rate | Figure::InFlight | Figure::Up | Figure::Down, "") => 1.0,
            (_, "") => return wrong(at, format!("{before} wants {wants} with its unit, such as {example}")),
            _ => return wrong(at + digits.len(), format!("'{unit}' is no unit here: write {before}{example}")),
        };
        if self == Figure::Errors && number > 100.0 {
            return wrong(at, "a share is at most 100%");
        }
        Ok(number * factor)
    }

    pub(super) fn in_words(self, value: Option<f64>) -> String {
        let name = FIGURES.iter().find(|(_, figure)| *figure == self).map_or("", |(name, _)| name);
        let Some(value) = value else { return format!("{name} is unknown") };
        match self {
            Figure::P50 | Figure::P95 | Figure::P99 if value < 9_950.0 => format!("{name} is {:.1} ms", value / 1e3),
            Figure::P50 | Figure::P95 | Figure::P99 => format!("{name} is {:.0} ms", value / 1e3),
            Figure::Errors if value < 9.95 => format!("{name} is {value:.1} %"),
            Figure::Errors => format!("{name} is {value:.0} %"),
            Figure::Rate if value < 9.95 => format!("{name} is {value:.1}/s"),
            Figure::Rate => format!("{name} is {value:.0}/s"),
            Figure::InFlight | Figure::Up | Figure::Down => format!("{name} is {value}"),
        }
    }
}

/// A number and its unit.
pub(super) fn split(value: &str) -> (&str, &str) {
    value.split_at(value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len()))
}
