//! Sets of HTTP statuses, as people write them.

use std::ops::RangeInclusive;

use super::node::Node;
use super::written::Written;

/// A set of HTTP statuses: `200-299`, `500, 502-504`, `none`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statuses(Vec<RangeInclusive<u16>>);

impl Statuses {
    /// Whether `status` is one of them.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }

    /// The ranges that it is made of, as they were written.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = &RangeInclusive<u16>> {
        self.0.iter()
    }
}

impl std::str::FromStr for Statuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Statuses::default());
        }
        text.split(',').map(|range| parse_range(range.trim())).collect::<Option<_>>().map(Statuses).ok_or_else(|| {
            format!("'{text}' is not a set of statuses: write \"200-299\", \"500, 502-504\" or \"none\"")
        })
    }
}

fn parse_range(text: &str) -> Option<RangeInclusive<u16>> {
    // Not parse alone: it takes a sign.
    let status = |text: &str| {
        let plain = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u16>().ok().filter(|status| plain && (100..=599).contains(status))
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (status(first.trim())?, status(last.trim())?);
    (first <= last).then_some(first..=last)
}

/// A text, one status, or a list of both.
pub(crate) fn statuses(n: Node<'_, '_>) -> Option<Statuses> {
    n.explain(": \"200-299\", \"500, 502-504\", \"none\", 503, or a list of them");
    let one = |n: Node<'_, '_>| {
        let one_status = |n: Node<'_, '_>| n.integer(100, 599).map(|status| Statuses(vec![status..=status]));
        n.either(n.is_string(), |n| n.parsed(str::parse), one_status)
    };
    let joined = |all: Vec<Statuses>| Statuses(all.into_iter().flat_map(|some| some.0).collect());
    n.either(n.is_array(), |n| n.list(one).map(joined), one)
}

impl Written for Statuses {
    fn written(&self) -> serde_json::Value {
        let range = |range: &RangeInclusive<u16>| match (range.start(), range.end()) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        };
        if self.0.is_empty() { "none".into() } else { self.0.iter().map(range).collect::<Vec<_>>().join(", ").into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_as_people_write_them() {
        let set: Statuses = "500, 502-504".parse().expect("a set");
        let found: Vec<u16> = (100..600).filter(|status| set.contains(*status)).collect();
        assert_eq!(found, [500, 502, 503, 504]);
        assert!("none".parse::<Statuses>().is_ok_and(|none| (0..=u16::MAX).all(|status| !none.contains(status))));
    }

    #[test]
    fn they_are_written_as_they_are_read() {
        for text in ["none", "503", "200-299", "500, 502-504"] {
            assert_eq!(text.parse::<Statuses>().map(|statuses| statuses.written()), Ok(text.into()));
        }
    }

    #[test]
    fn what_is_not_a_status_is_refused() {
        for text in ["", "abc", "99", "600", "+200", "200-", "-299", "299-200", "200,,201", "2xx", "200-299-300"] {
            assert!(text.parse::<Statuses>().is_err(), "{text}");
        }
    }
}
