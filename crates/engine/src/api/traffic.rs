//! Traffic that the balancer sends to itself, so that there is something to see: what is sent, and what came of it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::amounts::{time, time_in_words};
use super::mix::{MixPart, mix};
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
