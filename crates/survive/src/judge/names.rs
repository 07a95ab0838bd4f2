//! Whether a value tells which copy answered, and nothing of what the app knows.

use super::tokens::{has_digit, is_random, is_time, number, tokens};
use crate::mask::is_secret;
use crate::name_words::words;

/// What a copy may call itself in what it answers.
#[derive(Clone, Debug, Default)]
pub struct CopyNames {
    /// The backend's name.
    pub name: String,
    /// The port it listens on.
    pub port: Option<u16>,
    /// Its process.
    pub pid: Option<u32>,
    /// Its number among the copies, as `STICKYLB_INSTANCE` says it.
    pub instance: Option<usize>,
}

/// Words for a process or the machine it is on.
const OF_A_COPY: [&str; 20] = [
    "pid",
    "port",
    "host",
    "hostname",
    "instance",
    "server",
    "node",
    "worker",
    "replica",
    "pod",
    "container",
    "served",
    "backend",
    "upstream",
    "process",
    "machine",
    "dyno",
    "shard",
    "addr",
    "address",
];
/// Words for when it began.
const OF_ITS_START: [&str; 9] =
    ["started", "start", "boot", "booted", "since", "launched", "launch", "init", "initialized"];
/// Words for figures that a process has at a moment.
const OF_A_MOMENT: [&str; 16] = [
    "uptime", "elapsed", "duration", "took", "latency", "memory", "mem", "rss", "heap", "cpu", "load", "loadavg", "up",
    "freemem", "heapused", "runtime",
];
/// Units of times that pass.
const UNITS: [&str; 8] = ["ms", "s", "sec", "secs", "second", "seconds", "milliseconds", "msec"];
/// Words for ids of what an app keeps: a client sends them again, and they must mean the same on every copy.
const OF_DATA: [&str; 14] = [
    "key", "kid", "keys", "cart", "order", "user", "item", "product", "upload", "file", "build", "version", "hash",
    "commit",
];
/// Words that stand between a name and its value.
const BETWEEN: [&str; 10] = ["is", "id", "number", "no", "by", "at", "on", "name", "nr", "the"];

/// Where a value stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    /// The place.
    pub(super) place: String,
    /// What stands before it in a text.
    pub(super) before: Vec<String>,
    /// What stands behind it.
    pub(super) after: String,
    /// Whether there are others like it, as the items of a list.
    pub(super) in_list: bool,
}

impl Context {
    /// The words that say what the value is: those before it in a text, or those of its key, field or attribute.
    fn words(&self) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        for piece in self.before.iter().rev().take(3) {
            let of_piece: Vec<String> = words(piece).collect();
            let goes_on = of_piece.iter().all(|word| BETWEEN.contains(&word.as_str()));
            said.extend(of_piece);
            if !goes_on {
                break;
            }
        }
        let last = self.place.rsplit(['/', '>', ' ']).next().unwrap_or("").trim_start_matches('@');
        if self.before.is_empty() && (self.place.starts_with('/') || self.place.contains('@'))
            || self.place.starts_with("header ")
        {
            said.extend(words(last));
        }
        let parent = self.place.rsplit('/').nth(1).filter(|_| self.place.starts_with('/'));
        if let Some(parent) =
            parent.filter(|_| words(last).all(|word| BETWEEN.contains(&word.as_str()) || word == "value"))
        {
            said.extend(words(parent));
        }
        said
    }

    fn says(&self, list: &[&str]) -> bool {
        self.words().iter().any(|word| list.contains(&word.as_str()))
    }

    /// Whether the value is, or leads to, something that a client asks for next.
    fn is_link_or_field(&self) -> bool {
        ["@href", "@src", "@action", "@value", "@content", "@srcset"].iter().any(|end| self.place.ends_with(end))
            || self.place.starts_with("header Location")
            || self.place.starts_with("cookie ")
    }

    /// Whether the value is a figure of the moment, such as the seconds a process has been up: it may stand still for as long
    /// as the samples took.
    pub(super) fn is_of_a_moment(&self, value: &str) -> bool {
        has_digit(value)
            && value.len() <= 40
            && (self.says(&OF_A_MOMENT) || UNITS.contains(&self.after.as_str()) || has_unit(value))
    }

    /// Whether values, one of each copy, tell which copy it is.
    pub(super) fn names_copies(&self, values: &[&str], copies: &[CopyNames]) -> bool {
        self.are_own(values, copies) || self.says_so(values) || self.are_ids_of_processes(values)
    }

    /// Each is the copy's own port, process, name or number.
    fn are_own(&self, values: &[&str], copies: &[CopyNames]) -> bool {
        let all = |own: &dyn Fn(&str, &CopyNames) -> bool| {
            values.len() <= copies.len() && values.iter().zip(copies).all(|(value, names)| own(trimmed(value), names))
        };
        let says_so = self.says(&OF_A_COPY);
        all(&|value, names| names.port.is_some_and(|port| last_number(value) == Some(u64::from(port))))
            || all(&|value, names| {
                names.pid.is_some_and(|pid| (pid >= 100 || says_so) && last_number(value) == Some(u64::from(pid)))
            })
            || all(&|value, names| !names.name.is_empty() && value.eq_ignore_ascii_case(&names.name))
            || (says_so || values.iter().all(|value| words(value).any(|word| OF_A_COPY.contains(&word.as_str()))))
                && all(&|value, names| names.instance.is_some_and(|number| last_number(value) == Some(number as u64)))
    }

    /// The words around them say that they are names of a process or a machine, or when it began.
    fn says_so(&self, values: &[&str]) -> bool {
        let short = values.iter().all(|value| value.len() <= 64);
        let own_words =
            |list: &[&str]| values.iter().all(|value| words(value).any(|word| list.contains(&word.as_str())));
        short
            && !self.in_list
            && (self.says(&OF_A_COPY) || own_words(&OF_A_COPY) && values.iter().all(|v| tokens(v).len() == 1))
            || short && self.says(&OF_ITS_START) && values.iter().all(|value| value.split(' ').any(is_time))
    }

    /// They look drawn at random, stand alone, and are none that a client sends again. An id in a list, in a link, in a form or
    /// in a cookie, and one under a name such as `token` or `cart`, is data: it leads nowhere on another copy.
    fn are_ids_of_processes(&self, values: &[&str]) -> bool {
        values.iter().all(|value| is_random(trimmed(value)))
            && !self.in_list
            && !self.is_link_or_field()
            && !self.says(&OF_DATA)
            && !is_secret(self.place.rsplit(['/', ' ']).next().unwrap_or(""))
            && !self.before.last().is_some_and(|word| is_secret(word))
    }
}

/// A value in which each of the copy's own names is the same sign.
pub(super) fn without_names(value: &str, names: &CopyNames) -> String {
    let mut out = value.to_owned();
    let numbers = [names.port.map(u64::from), names.pid.map(u64::from)];
    let numbers = numbers.into_iter().flatten().filter(|number| *number >= 100).map(|number| number.to_string());
    for own in numbers.chain(Some(names.name.clone()).filter(|name| name.len() >= 3)) {
        out = replaced(&out, &own);
    }
    out
}

/// `own` replaced where it stands by itself, and is no part of a longer word or number.
fn replaced(text: &str, own: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(own) {
        let (before, after) = (&rest[..at], &rest[at + own.len()..]);
        let ends = before.chars().next_back().or(out.chars().next_back()).is_none_or(|c| !c.is_alphanumeric());
        let begins = after.chars().next().is_none_or(|c| !c.is_alphanumeric());
        out.push_str(before);
        out.push_str(if ends && begins { "\u{fffc}" } else { own });
        rest = after;
    }
    out + rest
}

/// Without the punctuation of a sentence around it.
fn trimmed(value: &str) -> &str {
    value.trim_matches(|c: char| c.is_ascii_punctuation() || c.is_whitespace())
}

/// The number that a value is, or ends with behind its last `:`, `-`, `=` or `#`.
fn last_number(value: &str) -> Option<u64> {
    value.rsplit([':', '-', '=', '#', '_']).next()?.parse().ok()
}

/// Whether it is a number with a unit of time behind it.
fn has_unit(value: &str) -> bool {
    matches!(number(trimmed(value)), Some((_, _, unit)) if UNITS.contains(&unit))
}
