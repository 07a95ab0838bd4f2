//! Whether a value tells which copy answered, and nothing of what the app knows.

use super::tokens::{has_digit, is_random, number, time};
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
const OF_A_COPY: [&str; 16] = [
    "copy",
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
    "backend",
    "upstream",
    "machine",
    "dyno",
];
/// Words for when it began.
const OF_ITS_START: [&str; 9] =
    ["started", "start", "boot", "booted", "since", "launched", "launch", "init", "initialized"];
/// Words for figures that a process has at a moment.
const OF_A_MOMENT: [&str; 13] = [
    "uptime", "elapsed", "took", "latency", "memory", "mem", "rss", "heap", "cpu", "loadavg", "reset", "resets",
    "retry",
];
/// Of these, the words under which a whole object of figures stands.
const OF_A_PROCESS: [&str; 6] = ["memory", "mem", "rss", "heap", "cpu", "loadavg"];
/// Words for what an id is made for that is new in each answer.
const OF_A_REQUEST: [&str; 5] = ["request", "req", "trace", "correlation", "span"];
/// Units of times that pass.
const UNITS: [&str; 8] = ["ms", "s", "sec", "secs", "second", "seconds", "milliseconds", "msec"];
/// Words for ids of what an app keeps: a client sends them again, and they must mean the same on every copy.
const OF_DATA: [&str; 14] = [
    "key", "kid", "keys", "cart", "order", "user", "item", "product", "upload", "file", "build", "version", "hash",
    "commit",
];
/// Words that stand between a name and its value.
const BETWEEN: [&str; 10] = ["is", "id", "number", "no", "by", "at", "on", "name", "nr", "the"];

/// How many seconds after the first the last of all copies is started.
const START: i64 = 120;
/// A value of more pieces is a text.
const FEW_PIECES: usize = 4;

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
    /// Whether it is a part of a longer text, of which a key or a field's name says less.
    pub(super) in_text: bool,
}

impl Context {
    /// Of a whole value: `alike` is its place without regard to order, `label` what stands before it in a page.
    pub(super) fn of(place: &str, alike: &str, label: Option<&str>) -> Self {
        let before = label.map(|label| label.split(' ').map(str::to_owned).collect()).unwrap_or_default();
        let items = ["li", "tr", "td", "option", "dd"];
        let in_list = alike.contains("/*") || alike.split(" > ").any(|part| items.contains(&part));
        Context { place: place.to_owned(), before, after: String::new(), in_list, in_text: false }
    }

    /// Of one of the pieces of a value.
    pub(super) fn at_piece(&self, pieces: &[&str], at: usize) -> Self {
        let said = self.before.iter().map(String::as_str).chain(pieces[..at].iter().copied());
        let before: Vec<String> = said.map(str::to_owned).collect();
        let before = before[before.len().saturating_sub(3)..].to_vec();
        let after = pieces.get(at + 1).map_or_else(String::new, |piece| (*piece).to_owned());
        Context { before, after, in_text: pieces.len() > FEW_PIECES, ..self.clone() }
    }

    /// The words before the value in a text.
    fn words_before(&self) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        for piece in self.before.iter().rev().take(3) {
            let of_piece: Vec<String> = words(piece).collect();
            let goes_on = of_piece.iter().all(|word| BETWEEN.contains(&word.as_str()));
            said.extend(of_piece);
            if !goes_on {
                break;
            }
        }
        said
    }

    /// The words of its key, field or attribute; and of the key above, where its own says nothing.
    fn words_of_key(&self) -> Vec<String> {
        let is_json = self.place.starts_with('/') || self.place.contains(" /");
        if !(is_json || self.place.contains(" @") || self.place.starts_with("header ")) {
            return Vec::new();
        }
        let mut keys = self.place.rsplit(['/', ' ']).filter(|key| !key.bytes().all(|byte| byte.is_ascii_digit()));
        let mut said: Vec<String> = keys.next().map(|key| words(key).collect()).unwrap_or_default();
        if is_json && said.iter().all(|word| BETWEEN.contains(&word.as_str()) || word == "value") {
            said.extend(keys.next().into_iter().flat_map(words));
        }
        said
    }

    fn says(&self, list: &[&str]) -> bool {
        let is_one = |word: &String| list.contains(&word.as_str());
        self.words_before().iter().any(is_one) || !self.in_text && self.words_of_key().iter().any(is_one)
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
        let is_one = |word: String| OF_A_PROCESS.contains(&word.as_str());
        let below = || self.place.starts_with('/') && self.place.split('/').any(|key| words(key).any(is_one));
        // RateLimit: "100-in-15min"; r=98; t=900
        let in_limit = || self.place == "header Ratelimit" && self.before.last().is_some_and(|word| word == "t");
        let said = self.says(&OF_A_MOMENT) || in_limit() || UNITS.contains(&self.after.as_str()) || has_unit(value);
        has_digit(value) && value.len() <= 40 && (said || below())
    }

    /// Whether the value is the id of the request itself, which may well be counted by each copy.
    pub(super) fn is_of_the_request(&self) -> bool {
        self.says(&OF_A_REQUEST) && self.says(&["id"])
    }

    /// Whether values, one of each copy, tell which copy it is.
    pub(super) fn names_copies(&self, values: &[&str], copies: &[CopyNames]) -> bool {
        self.are_own(values, copies)
            || self.says_so(values)
            || self.are_ids_of_processes(values)
            || values.iter().all(|value| is_memory_address(trimmed(value)))
            || self.are_of_the_start(values)
    }

    /// Each is the copy's own port, process, name or number.
    fn are_own(&self, values: &[&str], copies: &[CopyNames]) -> bool {
        let all = |own: &dyn Fn(&str, &CopyNames) -> bool| {
            values.len() <= copies.len() && values.iter().zip(copies).all(|(value, names)| own(trimmed(value), names))
        };
        let says_so = self.says(&OF_A_COPY) || values.iter().all(|value| says_copy(&words(value).collect::<Vec<_>>()));
        all(&|value, names| names.port.is_some_and(|port| last_number(value) == Some(u64::from(port))))
            || all(&|value, names| {
                names.pid.is_some_and(|pid| (pid >= 100 || says_so) && last_number(value) == Some(u64::from(pid)))
            })
            || all(&|value, names| !names.name.is_empty() && value.eq_ignore_ascii_case(&names.name))
            || says_so && all(&|value, names| names.instance.is_some_and(|nth| last_number(value) == Some(nth as u64)))
    }

    /// The words around them say that they are names of a process or a machine, or when it began.
    fn says_so(&self, values: &[&str]) -> bool {
        let are_short = values.iter().all(|value| value.len() <= 64);
        let in_value = || values.iter().all(|value| says_copy(&words(value).collect::<Vec<_>>()));
        let in_key = !self.in_text && says_copy(&self.words_of_key());
        let is_name = says_copy(&self.words_before()) || (in_key || in_value()) && !self.in_list;
        let is_start = || self.says(&OF_ITS_START) && !self.in_list && values.iter().all(|value| time(value).is_some());
        are_short && (is_name || is_start())
    }

    /// They are times so close to each other that each copy noted them as it was started. Where they are of the items of a list,
    /// the items are each copy's own.
    fn are_of_the_start(&self, values: &[&str]) -> bool {
        let times: Option<Vec<i64>> = values.iter().map(|value| time(value)).collect();
        let apart = times.and_then(|times| Some(times.iter().max()? - times.iter().min()?));
        apart.is_some_and(|apart| apart <= START) && !self.in_list
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

/// Whether words name a process or a machine.
fn says_copy(said: &[String]) -> bool {
    let is = |wanted: &str| said.iter().any(|word| word == wanted);
    OF_A_COPY.iter().any(|word| is(word)) || is("served") && is("by")
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

/// Numbers as close to each other as ports and processes of copies are.
pub(super) fn may_be_ports(values: &[&str]) -> bool {
    let numbers: Option<Vec<u64>> = values.iter().map(|value| last_number(trimmed(value))).collect();
    numbers.is_some_and(|numbers| {
        let (least, most) = (numbers.iter().min().copied().unwrap_or(0), numbers.iter().max().copied().unwrap_or(0));
        least >= 1024 && most - least < 1000
    })
}

/// Whether it is an address in a process's memory, as in `<Cart object at 0x7f3a2b1c4d50>`.
fn is_memory_address(value: &str) -> bool {
    value.strip_prefix("0x").is_some_and(|digits| digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
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
