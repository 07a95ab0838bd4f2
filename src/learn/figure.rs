//! Figures that are measured, and what they are compared with: `maxActive(bravo)`, `<4`, `10..20`.

use std::fmt;
use stickylb::program::nearest;

/// A figure. Counts are of the step: from its beginning, or over the last `for` of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) what: What,
    /// What it is of: a backend, a status, a method; `None` is all.
    pub(crate) of: Option<String>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Active,
    MaxActive,
    ActiveBefore,
    Requests,
    Share,
    Weight,
    Jain,
    Lost,
    Retried,
    Moved,
    MovedOthers,
    Queued,
    Status,
    Rate,
    P50,
    P95,
    P99,
    Tunnels,
    Cut,
    Clients,
    BackendsPerClient,
    Dropped,
}

/// What stands in a figure's brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Nothing,
    Backend,
    BackendOrAll,
    Status,
    MethodOrAll,
}

/// A figure's name, what stands in its brackets, its unit, and whether it is counted over a stretch of time.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) what: What,
    pub(crate) of: Of,
    /// Written behind the number, where one likes.
    pub(crate) unit: &'static str,
    /// Counted from the beginning of the step or of `for`; the others are as they are at a moment.
    pub(crate) is_counted: bool,
}

const fn known(name: &'static str, what: What, of: Of, unit: &'static str, is_counted: bool) -> Known {
    Known { name, what, of, unit, is_counted }
}

/// Every figure.
pub(crate) const FIGURES: [Known; 22] = [
    known("active", What::Active, Of::BackendOrAll, "", false),
    known("maxActive", What::MaxActive, Of::Backend, "", true),
    known("activeBefore", What::ActiveBefore, Of::Backend, "", false),
    known("requests", What::Requests, Of::BackendOrAll, "", true),
    known("share", What::Share, Of::Backend, "%", true),
    known("weight", What::Weight, Of::Backend, "", false),
    known("jain", What::Jain, Of::Nothing, "", false),
    known("lost", What::Lost, Of::MethodOrAll, "", true),
    known("retried", What::Retried, Of::Nothing, "", true),
    known("moved", What::Moved, Of::BackendOrAll, "", true),
    known("movedOthers", What::MovedOthers, Of::Backend, "", true),
    known("queued", What::Queued, Of::BackendOrAll, "", false),
    known("status", What::Status, Of::Status, "", true),
    known("rate", What::Rate, Of::BackendOrAll, "", false),
    known("p50", What::P50, Of::BackendOrAll, "ms", false),
    known("p95", What::P95, Of::BackendOrAll, "ms", false),
    known("p99", What::P99, Of::BackendOrAll, "ms", false),
    known("tunnels", What::Tunnels, Of::BackendOrAll, "", false),
    known("cut", What::Cut, Of::BackendOrAll, "", true),
    known("clients", What::Clients, Of::BackendOrAll, "", true),
    known("backendsPerClient", What::BackendsPerClient, Of::Nothing, "", true),
    known("dropped", What::Dropped, Of::Nothing, "", false),
];

impl What {
    pub(crate) fn known(self) -> &'static Known {
        FIGURES.iter().find(|known| known.what == self).expect("each figure has its row")
    }
}

/// `maxActive(bravo)` taken apart: `maxActive` and `bravo`.
pub(crate) fn parts(text: &str) -> Option<(&str, Option<&str>)> {
    match text.split_once('(') {
        None => Some((text, None)),
        Some((name, rest)) => Some((name, Some(rest.strip_suffix(')')?.trim()))),
    }
}

impl Figure {
    /// Reads a figure; `backends` are the names that there may be. `None` where no figure has this name.
    pub(crate) fn read(name: &str, of: Option<&str>, backends: &[String]) -> Option<Result<Self, String>> {
        let known = FIGURES.iter().find(|known| known.name == name)?;
        let figure = |of: Option<&str>| Figure { what: known.what, of: of.map(str::to_owned) };
        Some(match (known.of, of) {
            (Of::Backend | Of::BackendOrAll, Some(of)) => backend(of, backends).map(|()| figure(Some(of))),
            (Of::BackendOrAll | Of::MethodOrAll | Of::Nothing, None) => Ok(figure(None)),
            (Of::Backend, None) => Err(format!("needs a backend: {name}({})", first(backends))),
            (Of::Status, Some(of)) if is_status(of) => Ok(figure(Some(of))),
            (Of::Status, _) => Err("needs a status or a class of them: status(429), status(5xx)".to_owned()),
            (Of::MethodOrAll, Some(of)) if of.bytes().all(|b| b.is_ascii_uppercase()) && !of.is_empty() => {
                Ok(figure(Some(of)))
            }
            (Of::MethodOrAll, Some(_)) => Err(format!("takes a method in capitals: {name}(GET)")),
            (Of::Nothing, Some(_)) => Err(format!("takes nothing in brackets: {name}")),
        })
    }

    /// A value of it as it is shown: `7`, `33.3 %`, `0.98`, `812 ms`.
    pub(crate) fn written(&self, value: f64) -> String {
        let number = match self.what {
            What::Jain => format!("{value:.2}"),
            _ if value.fract().abs() < 0.05 => format!("{value:.0}"),
            _ => format!("{value:.1}"),
        };
        match self.what.known().unit {
            "" => number,
            unit => format!("{number} {unit}"),
        }
    }

    /// Whether it is counted over a stretch of time.
    pub(crate) fn is_counted(&self) -> bool {
        self.what.known().is_counted
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what.known().name)?;
        self.of.as_ref().map_or(Ok(()), |of| write!(f, "({of})"))
    }
}

fn first(backends: &[String]) -> &str {
    backends.first().map_or("alpha", String::as_str)
}

/// Whether there may be such a backend.
pub(crate) fn backend(name: &str, backends: &[String]) -> Result<(), String> {
    if backends.iter().any(|one| one == name) {
        return Ok(());
    }
    let near = nearest(name, backends.iter().map(String::as_str));
    Err(format!("'{name}' is no backend of this lesson{near}: it has {}", backends.join(", ")))
}

fn is_status(of: &str) -> bool {
    let class = of.strip_suffix("xx").and_then(|class| class.parse().ok());
    let whole = || of.parse::<u16>().is_ok_and(|status| (100..600).contains(&status)) && of.len() == 3;
    class.is_some_and(|class: u8| (1..=5).contains(&class)) || whole()
}

/// What a number must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Comparison {
    Below(f64),
    AtMost(f64),
    Above(f64),
    AtLeast(f64),
    Equal(f64),
    /// From the first to the second, both included.
    Between(f64, f64),
}

/// Makes a comparison of its bound.
type Make = fn(f64) -> Comparison;

impl Comparison {
    /// `<4`, `<=4`, `>0.95`, `>=0.95`, `=0`, `10..20`, `7`; a unit may stand behind.
    ///
    /// # Errors
    /// What to write, as the end of a sentence.
    pub(crate) fn read(text: &str, unit: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let digits = text.trim();
            let digits = digits.strip_suffix(unit).unwrap_or(digits).trim_end();
            let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            is_plain.then(|| digits.parse::<f64>().ok()).flatten()
        };
        let text = text.trim();
        let read = || {
            if let Some((from, to)) = text.split_once("..") {
                return number(from).zip(number(to)).filter(|(from, to)| from <= to).map(|(a, b)| Self::Between(a, b));
            }
            let of: [(&str, Make); 5] = [
                ("<=", Self::AtMost),
                (">=", Self::AtLeast),
                ("<", Self::Below),
                (">", Self::Above),
                ("=", Self::Equal),
            ];
            let sign = of.into_iter().find_map(|(sign, make)| Some((text.strip_prefix(sign)?, make)));
            let (rest, make) = sign.unwrap_or((text, Self::Equal));
            number(rest).map(make)
        };
        let wrong = || format!("'{text}' is no comparison: write \"<4\", \">=0.95\", \"=0\" or \"10..20\"");
        read().ok_or_else(wrong)
    }

    pub(crate) fn holds(self, value: f64) -> bool {
        // Shares and indexes come out of divisions.
        let near = 1e-9;
        match self {
            Self::Below(bound) => value < bound - near,
            Self::AtMost(bound) => value <= bound + near,
            Self::Above(bound) => value > bound + near,
            Self::AtLeast(bound) => value >= bound - near,
            Self::Equal(wanted) => (value - wanted).abs() <= near,
            Self::Between(from, to) => value >= from - near && value <= to + near,
        }
    }

    /// How far the value is from one that it holds for.
    pub(crate) fn distance(self, value: f64) -> f64 {
        if self.holds(value) {
            return 0.0;
        }
        match self {
            Self::Below(bound) | Self::AtMost(bound) | Self::Above(bound) | Self::AtLeast(bound) => {
                // A bound that is left out is missed all the same.
                (value - bound).abs().max(f64::MIN_POSITIVE)
            }
            Self::Equal(wanted) => (value - wanted).abs(),
            Self::Between(from, to) => {
                if value < from {
                    from - value
                } else {
                    value - to
                }
            }
        }
    }
}

/// `< 4`, `10 to 20`.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(bound) => write!(f, "< {bound}"),
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::Above(bound) => write!(f, "> {bound}"),
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
            Self::Equal(wanted) => write!(f, "= {wanted}"),
            Self::Between(from, to) => write!(f, "{from} to {to}"),
        }
    }
}
