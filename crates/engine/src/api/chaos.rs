//! A fault that a person lets a backend have: what it is, which requests it touches, and when it ends by itself.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::amounts::{bytes, bytes_in_words, time, time_in_words};
use super::words_of_a_line::words;
use crate::untrusted::Untrusted;

/// How long a fault burns, in milliseconds, where nothing else is said.
const FUSE_MILLIS: u64 = 30_000;

/// The longest a fault burns.
const LONGEST_FUSE: Duration = Duration::from_mins(10);

/// What happens to a request. It acts at the balancer's edge: the backend itself is as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum ChaosKind {
    /// The response's head is held back for this time, which counts as first byte.
    Latency {
        /// How long, in milliseconds.
        millis: u64,
        /// How much more or less, at random, in milliseconds.
        jitter_millis: u64,
    },
    /// The request does not reach the backend, and this status is taken for its answer.
    Error {
        /// From 400 to 599.
        status: u16,
    },
    /// Connecting fails at once, and kept connections are not used.
    Refuse,
    /// Connecting never ends, until `timeouts.connect`.
    Blackhole,
    /// The request is sent and never answered, until `timeouts.response`.
    Hang,
    /// The connection is reset: before the head, or after so many bytes of the body.
    Reset {
        /// Bytes of the body before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
    },
    /// The body comes at this pace. Nothing of it is lost.
    Slow {
        /// Bytes in a second, at least 1.
        bytes_per_second: u64,
    },
    /// The connection is closed after so many bytes of the body, inside its promised length.
    Truncate {
        /// Bytes of the body before it.
        after: u64,
    },
    /// [`Refuse`](ChaosKind::Refuse), off and on: it begins up.
    Flaky {
        /// How long it is up at a time, in milliseconds.
        up_millis: u64,
        /// How long it refuses then, in milliseconds.
        down_millis: u64,
    },
}

/// A fault, parsed from and displayed as it is written after `chaos BACKEND`:
/// `latency 300ms±50 for=30s share=100% first=2 match="path~^/api" checks=spare seed=7`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Chaos {
    /// What happens.
    #[serde(flatten)]
    pub kind: ChaosKind,
    /// After how many milliseconds it ends by itself: at most ten minutes.
    pub fuse_millis: u64,
    /// Which share of the requests it touches, drawn for each, from 0 to 100 per cent.
    pub share: u8,
    /// How many requests it touches at most, and then checks never; `None` is all that it is drawn for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// Which requests it touches: terms of `path` (with its query) and `method`, each with `=`, `!=`, `~` (a pattern) or `:` (a
    /// part) and perhaps `!` before it, all of which must hold, such as `path~^/api !method=POST`; `None` is all.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<Untrusted<String>>,
    /// Whether health checks do not see it: then the backend stays UP and fails (a grey failure).
    #[serde(default)]
    pub spares_checks: bool,
    /// What it is drawn by: the same seed touches the same requests. `None` is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// A fault that burns, as the snapshot shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChaosView {
    /// The fault.
    pub fault: Chaos,
    /// It in words, as in the log: `latency 300 ms`.
    pub words: Untrusted<String>,
    /// For how many more milliseconds it burns.
    pub left_millis: u64,
    /// Requests and checks it has touched.
    pub touched: u64,
}

/// A fault that touched a request: on which backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChaosTouch {
    /// The backend's name.
    pub backend: Untrusted<String>,
    /// The fault in words: `latency 300 ms`.
    pub fault: Untrusted<String>,
}

impl Chaos {
    /// This fault for every request, for 30 seconds, which checks see as well.
    pub const fn new(kind: ChaosKind) -> Self {
        Chaos {
            kind,
            fuse_millis: FUSE_MILLIS,
            share: 100,
            first: None,
            matching: None,
            spares_checks: false,
            seed: None,
        }
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{key}={} is not understood: {what}", Untrusted::new(value)));
        match key {
            "for" => match time(value).filter(|fuse| !fuse.is_zero() && *fuse <= LONGEST_FUSE) {
                Some(fuse) => self.fuse_millis = millis(fuse),
                None => return wrong("a fault burns for 1ms to 10m, such as for=30s"),
            },
            "share" => match value.strip_suffix('%').and_then(|share| share.parse().ok()).filter(|share| *share <= 100)
            {
                Some(share) => self.share = share,
                None => return wrong("a share is from 0% to 100%, in whole per cent"),
            },
            "first" => match value.parse().ok().filter(|first| *first > 0) {
                Some(first) => self.first = Some(first),
                None => return wrong("it is a number of requests from 1 up, such as first=2"),
            },
            "match" if !value.is_empty() => self.matching = Some(value.to_owned().into()),
            "match" => return wrong("it is a filter, such as match=\"path~^/api\""),
            "checks" => match value {
                "hit" => self.spares_checks = false,
                "spare" => self.spares_checks = true,
                _ => return wrong("it is hit or spare"),
            },
            "seed" => match value.parse() {
                Ok(seed) => self.seed = Some(seed),
                Err(_) => return wrong("a seed is a whole number"),
            },
            _ => {
                let known = "for, share, first, match, checks and seed";
                return Err(format!("'{}' is no setting of a fault: there is {known}", Untrusted::new(key)));
            }
        }
        Ok(())
    }
}

impl FromStr for Chaos {
    type Err = String;

    /// # Errors
    /// What is wrong and what to write, as one sentence.
    fn from_str(line: &str) -> Result<Self, String> {
        let words = words(line)?;
        let mut words = words.iter().map(String::as_str).peekable();
        let name = words.next().ok_or("a kind of fault is missing, such as latency 300ms or error 503")?;
        let mut amounts = Vec::new();
        let mut settings = Vec::new();
        for word in words {
            match word.split_once('=') {
                Some((key @ ("after" | "up" | "down"), value)) => amounts.push((key, value)),
                Some(setting) => settings.push(setting),
                None => amounts.push(("", word)),
            }
        }
        let mut chaos = Chaos::new(kind(name, &amounts)?);
        for (key, value) in settings {
            chaos.take(key, value)?;
        }
        Ok(chaos)
    }
}

/// The kinds with what follows each.
const KINDS: &str = "latency 300ms±50, error 503, refuse, blackhole, hang, reset [after=BYTES], slow 10KB/s, truncate 1KB and flaky up=5s down=5s";

fn kind(name: &str, amounts: &[(&str, &str)]) -> Result<ChaosKind, String> {
    let usage = |what: &str| Err(format!("{name} is written so: {what}"));
    let long = |word: &str| time(word).filter(|time| !time.is_zero() && *time <= LONGEST_FUSE).map(millis);
    Ok(match (name, amounts) {
        ("latency", [("", word)]) => {
            let (of, jitter) = word.split_once('±').or_else(|| word.split_once("+-")).unwrap_or((word, ""));
            let jitter = match jitter {
                "" => Some(0),
                jitter => jitter.parse().ok().or_else(|| time(jitter).map(millis)),
            };
            match (long(of), jitter) {
                (Some(millis), Some(jitter_millis)) if jitter_millis <= millis => {
                    ChaosKind::Latency { millis, jitter_millis }
                }
                _ => return usage("latency 300ms, or latency 300ms±50, up to 10m, and no more ± than that"),
            }
        }
        ("latency", _) => return usage("latency 300ms, or latency 300ms±50"),
        ("error", [("", word)]) => match word.parse().ok().filter(|status| (400..=599).contains(status)) {
            Some(status) => ChaosKind::Error { status },
            None => return usage("error 503, with a status from 400 to 599"),
        },
        ("error", _) => return usage("error 503, with a status from 400 to 599"),
        ("refuse", []) => ChaosKind::Refuse,
        ("blackhole", []) => ChaosKind::Blackhole,
        ("hang", []) => ChaosKind::Hang,
        ("reset", []) => ChaosKind::Reset { after: None },
        ("reset", [("after", word)]) => match bytes(word) {
            Some(after) => ChaosKind::Reset { after: Some(after) },
            None => return usage("reset, or reset after=1KB"),
        },
        ("slow", [("", word)]) => match word.strip_suffix("/s").and_then(bytes).filter(|pace| *pace > 0) {
            Some(bytes_per_second) => ChaosKind::Slow { bytes_per_second },
            None => return usage("slow 10KB/s, with at least 1B/s"),
        },
        ("slow", _) => return usage("slow 10KB/s"),
        ("truncate", [("", word)]) => match bytes(word) {
            Some(after) => ChaosKind::Truncate { after },
            None => return usage("truncate 1KB"),
        },
        ("truncate", _) => return usage("truncate 1KB"),
        ("flaky", amounts) => {
            let of = |key| amounts.iter().find(|(name, _)| *name == key).map_or(Some(5000), |(_, value)| long(value));
            let is_known = amounts.iter().all(|(key, _)| matches!(*key, "up" | "down"));
            match (is_known, of("up"), of("down")) {
                (true, Some(up_millis), Some(down_millis)) => ChaosKind::Flaky { up_millis, down_millis },
                _ => return usage("flaky up=5s down=5s"),
            }
        }
        ("refuse" | "blackhole" | "hang" | "reset", _) => {
            return usage(if name == "reset" { "reset, or reset after=1KB" } else { name });
        }
        _ => return Err(format!("'{}' is no kind of fault: there is {KINDS}", Untrusted::new(name))),
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The kind as it is written: `latency 300ms±50`.
impl fmt::Display for ChaosKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |millis: u64| time_in_words(Duration::from_millis(millis));
        match self {
            ChaosKind::Latency { millis, jitter_millis: 0 } => write!(f, "latency {}", time(*millis)),
            ChaosKind::Latency { millis, jitter_millis } => write!(f, "latency {}±{jitter_millis}", time(*millis)),
            ChaosKind::Error { status } => write!(f, "error {status}"),
            ChaosKind::Refuse => f.write_str("refuse"),
            ChaosKind::Blackhole => f.write_str("blackhole"),
            ChaosKind::Hang => f.write_str("hang"),
            ChaosKind::Reset { after: None } => f.write_str("reset"),
            ChaosKind::Reset { after: Some(after) } => write!(f, "reset after={}", bytes_in_words(*after)),
            ChaosKind::Slow { bytes_per_second } => write!(f, "slow {}/s", bytes_in_words(*bytes_per_second)),
            ChaosKind::Truncate { after } => write!(f, "truncate {}", bytes_in_words(*after)),
            ChaosKind::Flaky { up_millis, down_millis } => {
                write!(f, "flaky up={} down={}", time(*up_millis), time(*down_millis))
            }
        }
    }
}

/// The fault as it is written; what is as without a word is left out, but for its fuse.
impl fmt::Display for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for={}", self.kind, time_in_words(Duration::from_millis(self.fuse_millis)))?;
        if self.share != 100 {
            write!(f, " share={}%", self.share)?;
        }
        if let Some(first) = self.first {
            write!(f, " first={first}")?;
        }
        if let Some(matching) = &self.matching {
            write!(f, " match=\"{matching}\"")?;
        }
        if self.spares_checks {
            f.write_str(" checks=spare")?;
        }
        self.seed.map_or(Ok(()), |seed| write!(f, " seed={seed}"))
    }
}

impl ChaosKind {
    /// It in words, as the log and `why` tell it: `latency 300 ms`, `error 503`.
    pub fn in_words(&self) -> String {
        match self {
            ChaosKind::Latency { millis, jitter_millis: 0 } => format!("latency {millis} ms"),
            ChaosKind::Latency { millis, jitter_millis } => format!("latency {millis} ±{jitter_millis} ms"),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_and_written_alike() {
        for line in [
            "latency 300ms±50 for=30s",
            "latency 800ms for=2m share=50% seed=7",
            "error 503 for=30s first=2",
            "refuse for=1500ms",
            "blackhole for=10m",
            "hang for=30s checks=spare",
            "reset for=30s",
            "reset after=10KB for=30s",
            "slow 10KB/s for=30s",
            "truncate 1KB for=30s match=\"path~^/api\"",
            "flaky up=5s down=5s for=30s",
        ] {
            let chaos: Chaos = line.parse().expect(line);
            assert_eq!(chaos.to_string(), line);
            let json = serde_json::to_string(&chaos).expect("plain");
            assert_eq!(serde_json::from_str::<Chaos>(&json).expect("its own"), chaos, "{json}");
        }
        assert_eq!("hang".parse::<Chaos>().expect("a fault").fuse_millis, 30_000);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write() {
        for (line, said) in [
            ("", "a kind of fault is missing"),
            ("lag 3s", "'lag' is no kind of fault: there is latency 300ms±50, error 503"),
            ("latency", "latency is written so: latency 300ms"),
            ("latency fast", "latency is written so: latency 300ms"),
            ("latency 0s", "latency is written so: latency 300ms"),
            ("error 200", "with a status from 400 to 599"),
            ("refuse now", "refuse is written so: refuse"),
            ("slow 0KB/s", "with at least 1B/s"),
            ("hang for=11m", "for=11m is not understood: a fault burns for 1ms to 10m"),
            ("hang for=0s", "a fault burns for 1ms to 10m"),
            ("hang share=101%", "a share is from 0% to 100%"),
            ("hang share=50", "a share is from 0% to 100%"),
            ("hang checks=no", "it is hit or spare"),
            ("hang fuse=3s", "'fuse' is no setting of a fault"),
            ("hang match=\"x", "a quotation mark is not closed"),
        ] {
            let trouble = line.parse::<Chaos>().expect_err(line);
            assert!(trouble.contains(said), "{line}: {trouble}");
        }
    }
}
