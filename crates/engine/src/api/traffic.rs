//! Traffic that the balancer sends to itself, so that there is something to see: what is sent, and what came of it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::amounts::{time, time_in_words};
use super::percentiles::Percentiles;
use super::words_of_a_line::words;
use crate::untrusted::Untrusted;

/// The most requests a second.
pub const MAX_TRAFFIC_RATE: u32 = 500;

/// The most clients: each has a source address of its own, 127.0.1.1 to 127.0.1.250.
pub const MAX_TRAFFIC_CLIENTS: u32 = 250;

/// The most requests of open traffic in flight at a time; of closed traffic each client has one.
pub const MAX_TRAFFIC_IN_FLIGHT: u32 = 100;

/// When traffic ends by itself, where nothing else is said.
const FOR: Duration = Duration::from_mins(10);

/// The longest that can be said.
const LONGEST: Duration = Duration::from_hours(1);

/// What makes clients send the next request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum TrafficModel {
    /// The clock: so many requests a second, whatever the answers do.
    #[default]
    Open,
    /// The answer to the one before: each client has one request at a time, and thinks in between.
    Closed,
}

/// How the requests of open traffic are spaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Spacing {
    /// Evenly.
    #[default]
    Even,
    /// At random, independent of each other.
    Poisson,
}

/// How long a client of closed traffic thinks before its next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Think {
    /// In milliseconds; the mean where it is exponential.
    pub millis: u64,
    /// Whether it differs at random.
    pub exponential: bool,
}

/// One kind of request of a mix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MixPart {
    /// How often, compared with the others: per cent where they add up to 100.
    pub weight: u32,
    /// The method: GET, HEAD, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// Path and query.
    pub path: String,
}

/// What is sent, parsed from and displayed as it is written after `traffic`:
/// `open rate=24 spacing=even clients=12 cookies=keep heavy=2 mix="90% GET /, 10% POST /echo" seed=7 for=10m`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TrafficOptions {
    /// What makes clients send the next request.
    pub model: TrafficModel,
    /// Requests a second of open traffic, from 1 to [`MAX_TRAFFIC_RATE`].
    pub rate: u32,
    /// How they are spaced.
    pub spacing: Spacing,
    /// How many clients, from 1 to [`MAX_TRAFFIC_CLIENTS`].
    pub clients: u32,
    /// How long a client of closed traffic thinks.
    pub think: Think,
    /// How many of the clients keep cookies, in per cent: 100 is all, 0 none.
    pub cookies: u8,
    /// How many of the clients, the first ones, ask ten times as often as the others.
    pub heavy: u32,
    /// What they ask for.
    pub mix: Vec<MixPart>,
    /// What is drawn by: the same seed sends the same requests at the same moments.
    pub seed: u64,
    /// After how many milliseconds it ends by itself.
    pub for_millis: u64,
}

/// Traffic as the snapshot shows it: how it goes, or how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TrafficView {
    /// What is sent.
    pub options: TrafficOptions,
    /// Whether it goes on.
    pub on: bool,
    /// For how many more seconds.
    pub seconds_left: u64,
    /// Requests begun.
    pub sent: u64,
    /// Requests that were due while [`MAX_TRAFFIC_IN_FLIGHT`] were in flight, and were not sent.
    pub dropped: u64,
    /// Those that were answered, by the class of their status: 1xx first, 5xx last.
    pub by_status: [u64; 5],
    /// Those that ended without a status: cut, refused or not in time.
    pub failed: u64,
    /// Those in flight.
    pub in_flight: u32,
    /// Requests begun in the last whole second.
    pub rate: u64,
    /// Response times of the last ten seconds, from the moment at which each was due.
    pub latency: Percentiles,
    /// The same from the moment at which each was really begun.
    pub latency_without_waiting: Percentiles,
}

impl TrafficView {
    /// The view of traffic of which nothing was sent yet.
    pub fn new(options: TrafficOptions) -> Self {
        TrafficView {
            seconds_left: options.for_millis / 1000,
            options,
            on: true,
            sent: 0,
            dropped: 0,
            by_status: [0; 5],
            failed: 0,
            in_flight: 0,
            rate: 0,
            latency: Percentiles::default(),
            latency_without_waiting: Percentiles::default(),
        }
    }

    /// What it came to, in words: `traffic ended: `, and then as [`came_to`](TrafficView::came_to).
    pub fn ended(&self) -> String {
        format!("traffic ended: {}", self.came_to())
    }

    /// What came of what was sent, in words: `240 sent, 238 answered (230 2xx, 8 5xx), 2 failed`, and where there are any, those
    /// that were dropped and those in flight.
    pub fn came_to(&self) -> String {
        let TrafficView { sent, failed, dropped, in_flight, by_status, .. } = self;
        let classes = by_status.iter().zip(1..).filter(|(count, _)| **count > 0);
        let classes: Vec<String> = classes.map(|(count, class)| format!("{count} {class}xx")).collect();
        let classes = if classes.is_empty() { String::new() } else { format!(" ({})", classes.join(", ")) };
        let some = |count: u64, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
        let (dropped, in_flight) = (some(*dropped, "dropped"), some((*in_flight).into(), "in flight"));
        let answered = by_status.iter().sum::<u64>();
        format!("{sent} sent, {answered} answered{classes}, {failed} failed{dropped}{in_flight}")
    }
}

impl Default for TrafficOptions {
    fn default() -> Self {
        TrafficOptions {
            model: TrafficModel::Open,
            rate: 24,
            spacing: Spacing::Even,
            clients: 12,
            think: Think { millis: 100, exponential: false },
            cookies: 100,
            heavy: 0,
            mix: vec![MixPart { weight: 100, method: "GET".to_owned(), path: "/".to_owned() }],
            seed: 7,
            for_millis: millis(FOR),
        }
    }
}

impl TrafficOptions {
    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let wrong = |what: String| Err(format!("{key}={} is not understood: {what}", Untrusted::new(value)));
        let from_one = |most: u32| value.parse().ok().filter(|count| (1..=most).contains(count));
        match key {
            "rate" => match from_one(MAX_TRAFFIC_RATE) {
                Some(rate) => self.rate = rate,
                None => return wrong(format!("a rate is from 1 to {MAX_TRAFFIC_RATE} requests a second")),
            },
            "spacing" => match value {
                "even" => self.spacing = Spacing::Even,
                "poisson" => self.spacing = Spacing::Poisson,
                _ => return wrong("it is even or poisson".to_owned()),
            },
            "clients" => match from_one(MAX_TRAFFIC_CLIENTS) {
                Some(clients) => self.clients = clients,
                None => return wrong(format!("there are from 1 to {MAX_TRAFFIC_CLIENTS} clients")),
            },
            "think" => {
                let (exponential, word) = value.strip_prefix("exp:").map_or((false, value), |word| (true, word));
                match time(word).filter(|time| *time <= LONGEST) {
                    Some(time) => self.think = Think { millis: millis(time), exponential },
                    None => return wrong("it is a time such as 100ms, or exp:100ms for one that differs".to_owned()),
                }
            }
            "cookies" => {
                let share =
                    || value.strip_suffix('%').and_then(|share| share.parse().ok()).filter(|share| *share <= 100);
                match (value, share()) {
                    ("keep", _) => self.cookies = 100,
                    ("none", _) => self.cookies = 0,
                    (_, Some(share)) => self.cookies = share,
                    _ => return wrong("it is keep, none or a share of the clients such as 50%".to_owned()),
                }
            }
            "heavy" => match value.parse().ok().filter(|heavy| *heavy <= MAX_TRAFFIC_CLIENTS) {
                Some(heavy) => self.heavy = heavy,
                None => return wrong("it is a number of clients".to_owned()),
            },
            "mix" => self.mix = mix(value)?,
            "seed" => match value.parse() {
                Ok(seed) => self.seed = seed,
                Err(_) => return wrong("a seed is a whole number".to_owned()),
            },
            "for" => match time(value).filter(|time| *time >= Duration::from_secs(1) && *time <= LONGEST) {
                Some(time) => self.for_millis = millis(time),
                None => return wrong("it is a time from 1s to 60m".to_owned()),
            },
            _ => {
                let known = "rate, spacing, clients, think, cookies, heavy, mix, seed and for";
                return Err(format!("'{}' is no setting of traffic: there is {known}", Untrusted::new(key)));
            }
        }
        Ok(())
    }
}

impl FromStr for TrafficOptions {
    type Err = String;

    /// # Errors
    /// What is wrong and what to write, as one sentence.
    fn from_str(line: &str) -> Result<Self, String> {
        let words = words(line)?;
        let mut options = TrafficOptions::default();
        let mut words = words.iter();
        options.model = match words.next().map(String::as_str) {
            Some("open") => TrafficModel::Open,
            Some("closed") => TrafficModel::Closed,
            Some(other) => {
                let shown = Untrusted::new(other);
                return Err(format!("'{shown}' is no traffic: it is open, closed or off, such as open rate=24"));
            }
            None => return Err("it is missing which traffic: open, closed or off, such as open rate=24".to_owned()),
        };
        for word in words {
            let Some((key, value)) = word.split_once('=') else {
                return Err(format!("'{}' is no setting: write KEY=VALUE, such as rate=24", Untrusted::new(word)));
            };
            let of = match key {
                "rate" | "spacing" => Some(TrafficModel::Open),
                "think" => Some(TrafficModel::Closed),
                _ => None,
            };
            if of.is_some_and(|of| of != options.model) {
                let other = if options.model == TrafficModel::Open { "closed" } else { "open" };
                return Err(format!("{key} is for {other} traffic"));
            }
            options.take(key, value)?;
        }
        if options.heavy > options.clients {
            return Err(format!("heavy={} is more than there are clients ({})", options.heavy, options.clients));
        }
        Ok(options)
    }
}

/// The methods that are sent.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// The most parts of a mix.
const PARTS: usize = 50;

/// A mix as it is written: `90% GET /, 8% GET /slow?ms=800, 2% POST /echo`. A lone part needs no share.
fn mix(text: &str) -> Result<Vec<MixPart>, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_alone = parts.len() == 1;
    if parts.len() > PARTS {
        return Err(format!("a mix has at most {PARTS} parts"));
    }
    let mut mix: Vec<MixPart> = parts.into_iter().map(|part| mix_part(part, is_alone)).collect::<Result<_, _>>()?;
    if let [alone] = mix.as_mut_slice() {
        // Whatever its share, it is all.
        alone.weight = 100;
    }
    Ok(mix)
}

fn mix_part(part: &str, is_alone: bool) -> Result<MixPart, String> {
    let shown = Untrusted::new(part);
    let usage = "write such as mix=\"90% GET /, 10% POST /echo\"";
    let words: Vec<&str> = part.split_whitespace().collect();
    let (weight, method, path) = match words[..] {
        [share, method, path] => {
            let weight = share.strip_suffix('%').unwrap_or(share).parse().ok();
            let weight = weight.filter(|weight| (1..=10_000).contains(weight));
            (weight.ok_or_else(|| format!("'{shown}' begins with no share from 1% up: {usage}"))?, method, path)
        }
        [method, path] if is_alone => (100, method, path),
        _ => return Err(format!("'{shown}' is no part of a mix: {usage}")),
    };
    if !METHODS.contains(&method) {
        return Err(format!("'{}' is no method that is sent: there is {}", Untrusted::new(method), METHODS.join(", ")));
    }
    if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') || path.len() > 512 {
        return Err(format!(
            "'{}' is no path: it begins with / and is plain ASCII, at most 512 bytes",
            Untrusted::new(path)
        ));
    }
    Ok(MixPart { weight, method: method.to_owned(), path: path.to_owned() })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The traffic as it is written, every setting of its model.
impl fmt::Display for TrafficOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |millis: u64| time_in_words(Duration::from_millis(millis));
        match self.model {
            TrafficModel::Open => {
                let spacing = if self.spacing == Spacing::Even { "even" } else { "poisson" };
                write!(f, "open rate={} spacing={spacing} clients={}", self.rate, self.clients)?;
            }
            TrafficModel::Closed => {
                let exponential = if self.think.exponential { "exp:" } else { "" };
                write!(f, "closed clients={} think={exponential}{}", self.clients, time(self.think.millis))?;
            }
        }
        match self.cookies {
            100 => f.write_str(" cookies=keep")?,
            0 => f.write_str(" cookies=none")?,
            share => write!(f, " cookies={share}%")?,
        }
        if self.heavy > 0 {
            write!(f, " heavy={}", self.heavy)?;
        }
        // Shares that do not add up to a hundred are no per cent.
        let is_per_cent = self.mix.iter().map(|part| u64::from(part.weight)).sum::<u64>() == 100;
        let sign = if is_per_cent { "%" } else { "" };
        let part = |part: &MixPart| format!("{}{sign} {} {}", part.weight, part.method, part.path);
        let parts: Vec<String> = self.mix.iter().map(part).collect();
        write!(f, " mix=\"{}\" seed={} for={}", parts.join(", "), self.seed, time(self.for_millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_read_and_written_alike() {
        for line in [
            r#"open rate=24 spacing=even clients=12 cookies=keep mix="100% GET /" seed=7 for=10m"#,
            r#"open rate=500 spacing=poisson clients=250 cookies=50% heavy=2 mix="90% GET /, 8% GET /slow?ms=800, 2% POST /echo" seed=1 for=30s"#,
            r#"closed clients=3 think=exp:100ms cookies=none mix="100% GET /" seed=7 for=10m"#,
        ] {
            let options: TrafficOptions = line.parse().expect(line);
            assert_eq!(options.to_string(), line);
            let json = serde_json::to_string(&options).expect("plain");
            assert_eq!(serde_json::from_str::<TrafficOptions>(&json).expect("its own"), options, "{json}");
        }
        assert_eq!("open".parse(), Ok(TrafficOptions::default()));
        let alone: TrafficOptions = "open mix=\"GET /slow?ms=30\"".parse().expect("one part");
        assert_eq!((alone.mix[0].weight, alone.mix[0].path.as_str()), (100, "/slow?ms=30"));
    }

    #[test]
    fn shares_are_per_cent_where_they_add_up_to_a_hundred() {
        for (written, said) in [
            ("1 GET /", "100% GET /"),
            ("1% GET /", "100% GET /"),
            ("3% GET /, 1% POST /", "3 GET /, 1 POST /"),
            ("75 GET /, 25 POST /", "75% GET /, 25% POST /"),
        ] {
            let options: TrafficOptions = format!("open mix=\"{written}\"").parse().expect(written);
            let shown = options.to_string();
            assert!(shown.contains(&format!("mix=\"{said}\"")), "{shown}");
            assert_eq!(shown.parse(), Ok(options));
        }
    }

    #[test]
    fn what_it_came_to_names_answers_by_their_status() {
        let mut view = TrafficView::new(TrafficOptions::default());
        assert_eq!(view.ended(), "traffic ended: 0 sent, 0 answered, 0 failed");
        (view.sent, view.by_status, view.failed, view.dropped, view.in_flight) = (99, [0, 88, 0, 0, 7], 1, 12, 3);
        assert_eq!(view.came_to(), "99 sent, 95 answered (88 2xx, 7 5xx), 1 failed, 12 dropped, 3 in flight");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write() {
        for (line, said) in [
            ("", "open, closed or off"),
            ("on", "'on' is no traffic: it is open, closed or off"),
            ("open rate=0", "rate=0 is not understood: a rate is from 1 to 500"),
            ("open rate=1000000", "a rate is from 1 to 500"),
            ("open clients=0", "there are from 1 to 250 clients"),
            ("open think=3s", "think is for closed traffic"),
            ("closed rate=3", "rate is for open traffic"),
            ("open heavy=13", "heavy=13 is more than there are clients (12)"),
            ("open cookies=some", "it is keep, none or a share"),
            ("open for=2h", "it is a time from 1s to 60m"),
            ("open 24", "'24' is no setting: write KEY=VALUE"),
            ("open speed=3", "'speed' is no setting of traffic"),
            ("open mix=\"GET /, POST /echo\"", "'GET /' is no part of a mix"),
            ("open mix=\"0% GET /\"", "begins with no share from 1% up"),
            ("open mix=\"1% BREW /\"", "'BREW' is no method that is sent"),
            ("open mix=\"1% GET http://elsewhere/\"", "is no path: it begins with /"),
            ("open mix=\"GET /", "a quotation mark is not closed"),
        ] {
            let trouble = line.parse::<TrafficOptions>().expect_err(line);
            assert!(trouble.contains(said), "{line}: {trouble}");
        }
    }
}
