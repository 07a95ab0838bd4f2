//! What is checked and what was measured, as a learner reads it. A lesson's file has names for the same: docs/lessons.md.

use super::condition::{Check, Pane};
use super::figure::{Comparison, Figure, What};

/// How many of something that is counted: `fewer than 4 requests`, `no request`.
fn count(is: Comparison, one: &str, many: &str) -> String {
    let noun = |number: f64| if (number - 1.0).abs() < f64::EPSILON { one } else { many };
    match is {
        Comparison::Below(bound) if bound <= 1.0 => format!("no {one}"),
        Comparison::AtMost(bound) | Comparison::Equal(bound) if bound < 1.0 => format!("no {one}"),
        Comparison::Below(bound) => format!("fewer than {bound} {}", noun(bound)),
        Comparison::AtMost(bound) => format!("at most {bound} {}", noun(bound)),
        Comparison::Above(bound) => format!("more than {bound} {}", noun(bound)),
        Comparison::AtLeast(bound) => format!("at least {bound} {}", noun(bound)),
        Comparison::Equal(wanted) => format!("{wanted} {}", noun(wanted)),
        Comparison::Between(from, to) => format!("{from} to {to} {many}"),
    }
}

/// How much of something that is not counted: `less than 200 ms`.
fn much(is: Comparison, unit: &str) -> String {
    let words = match is {
        Comparison::Below(bound) => format!("less than {bound}"),
        Comparison::AtMost(bound) => format!("at most {bound}"),
        Comparison::Above(bound) => format!("more than {bound}"),
        Comparison::AtLeast(bound) => format!("at least {bound}"),
        Comparison::Equal(wanted) => wanted.to_string(),
        Comparison::Between(from, to) => format!("{from} to {to}"),
    };
    if unit.is_empty() { words } else { format!("{words} {unit}") }
}

impl Figure {
    /// What must be, as a sentence without its end: `bravo holds fewer than 4 requests at once`.
    fn wanted(&self, is: Comparison, over: Option<usize>) -> String {
        let of = self.of.as_deref();
        let requests = || count(is, "request", "requests");
        let clients = || count(is, "client", "clients");
        // A backend, or all of them.
        let who = of.unwrap_or("all together");
        match self.what {
            What::Active => format!("in flight at {who}: {}", requests()),
            What::MaxActive => format!("{who} holds {} at once", requests()),
            What::ActiveBefore => format!("{who} had {} in flight when its state changed last", requests()),
            What::Requests => {
                of.map_or_else(|| format!("{} reached a backend", requests()), |of| format!("{of} got {}", requests()))
            }
            What::Share => {
                let of_what = over.map_or("the requests".to_owned(), |over| format!("the last {over} requests"));
                format!("{who} got {} of {of_what}", much(is, "%"))
            }
            What::Weight => format!("{who} has the weight {}", much(is, "")),
            What::Jain => format!("fairness (1 is even) is {}", much(is, "")),
            What::Lost => {
                let method = of.map_or(String::new(), |method| format!("{method} "));
                format!("{} failed", count(is, &format!("{method}request"), &format!("{method}requests")))
            }
            What::Retried => format!("{} went on to another backend", requests()),
            What::Moved => of.map_or_else(
                || format!("{} moved", clients()),
                |of| format!("{} moved", count(is, &format!("client of {of}"), &format!("clients of {of}"))),
            ),
            What::MovedOthers => {
                let others = count(is, "client of another backend", "clients of other backends");
                format!("{others} than {who} moved")
            }
            What::Queued => format!("waiting for a place{}: {}", at(of), requests()),
            What::Status => format!("answered with {}: {}", of.unwrap_or_default(), requests()),
            What::Rate => format!("each second{}: {}", at(of), requests()),
            What::P50 => format!("half of the answers{} take {}", from(of), much(is, "ms")),
            What::P95 => format!("95 of 100 answers{} take {}", from(of), much(is, "ms")),
            What::P99 => format!("99 of 100 answers{} take {}", from(of), much(is, "ms")),
            What::Tunnels => format!("open{}: {}", at(of), count(is, "WebSocket", "WebSockets")),
            What::Cut => format!("cut off{}: {}", at(of), count(is, "open connection", "open connections")),
            What::Clients => {
                of.map_or_else(|| format!("{} were served", clients()), |of| format!("{of} served {}", clients()))
            }
            What::BackendsPerClient => match is {
                Comparison::Equal(most) | Comparison::AtMost(most) => {
                    format!("no client sees more than {}", count(Comparison::Equal(most), "backend", "backends"))
                }
                Comparison::AtLeast(_) => format!("a client sees {}", count(is, "backend", "backends")),
                _ => format!("the most backends that one client sees: {}", much(is, "")),
            },
            What::Dropped => format!("not sent, because too many were in flight: {}", requests()),
        }
    }

    /// What was measured: `bravo held 8 requests at once`.
    pub(super) fn told(&self, value: f64) -> String {
        let is = Comparison::Equal(value);
        match self.what {
            What::MaxActive => {
                format!("{} held {} at once", self.of.as_deref().unwrap_or_default(), count(is, "request", "requests"))
            }
            What::Share | What::Jain | What::P50 | What::P95 | What::P99 => {
                let exact = self.wanted(is, None);
                // Divisions have more digits than one wants to read.
                exact.replace(&much(is, self.what.known().unit), &self.written(value))
            }
            _ => self.wanted(is, None),
        }
    }

    /// Its name in a sentence: `fairness`.
    pub(super) fn name(&self) -> String {
        match (self.what, self.of.as_deref()) {
            (What::Jain, _) => "fairness".to_owned(),
            (What::Share, Some(of)) => format!("{of}'s share"),
            (What::Weight, Some(of)) => format!("{of}'s weight"),
            (What::Active | What::MaxActive, Some(of)) => format!("what {of} holds"),
            _ => self.to_string(),
        }
    }
}

fn at(of: Option<&str>) -> String {
    of.map_or(String::new(), |of| format!(" at {of}"))
}

fn from(of: Option<&str>) -> String {
    of.map_or(String::new(), |of| format!(" of {of}"))
}

impl Check {
    /// What must be. Where faults are to be found, no backend is named by its state.
    pub(super) fn words(&self, over: Option<usize>, hides_faults: bool) -> String {
        let who = |backend: &str| if hides_faults { "one of them".to_owned() } else { backend.to_owned() };
        match self {
            Check::Figure(figure, is) => figure.wanted(*is, over),
            Check::Strategy(of) => format!("the strategy is {}", any(of)),
            Check::Sticky(of) => format!("sticky is {}", any(of)),
            Check::State(backend, of) => format!("{} is {}", who(backend), any(of)),
            Check::Seen(backend, of) => {
                let states: Vec<String> = of.iter().map(ToString::to_string).collect();
                format!("{} was {}", who(backend), states.join(", and then "))
            }
            Check::Fault(backend, Some(kind)) => format!("{backend} still has its fault ({kind})"),
            Check::Fault(backend, None) => format!("{backend} has no fault"),
            Check::Opened(pane) => opened(*pane).to_owned(),
            Check::Filtered(Some(text)) => format!("the log is filtered by {text}"),
            Check::Filtered(None) => "the log is filtered".to_owned(),
            Check::Selected(backend) => format!("{backend} is selected"),
            Check::Traffic(on) => if *on { "traffic is on" } else { "traffic is off" }.to_owned(),
        }
    }
}

fn any<T: ToString>(of: &[T]) -> String {
    of.iter().map(T::to_string).collect::<Vec<_>>().join(" or ")
}

fn opened(pane: Pane) -> &'static str {
    match pane {
        Pane::Why => "you looked at why a request went where it went",
        Pane::Inspector => "you looked into a request",
        Pane::Flow => "you looked at the flow",
        Pane::WhatIf => "you looked at what the other strategies would have done",
        Pane::Help => "you looked at the help",
        Pane::Replay => "you sent a request again",
        Pane::Presenter => "you switched to the presenter's screen",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::figure::{FIGURES, Of};
    use stickylb::api::State;

    fn figure(what: What, of: &str) -> Figure {
        Figure { what, of: (!of.is_empty()).then(|| of.to_owned()) }
    }

    #[test]
    fn what_is_checked_reads_as_a_sentence() {
        let said = |what, of: &str, is: &str| {
            let is = Comparison::read(is, "").expect(is);
            Check::Figure(figure(what, of), is).words(None, false)
        };
        for (told, wanted) in [
            (said(What::MaxActive, "bravo", "<4"), "bravo holds fewer than 4 requests at once"),
            (said(What::MaxActive, "bravo", "<=1"), "bravo holds at most 1 request at once"),
            (said(What::ActiveBefore, "bravo", "=0"), "bravo had no request in flight when its state changed last"),
            (said(What::Lost, "GET", "=0"), "no GET request failed"),
            (said(What::Moved, "bravo", ">=5"), "at least 5 clients of bravo moved"),
            (said(What::MovedOthers, "bravo", "=0"), "no client of another backend than bravo moved"),
            (said(What::BackendsPerClient, "", "=1"), "no client sees more than 1 backend"),
            (said(What::BackendsPerClient, "", ">=2"), "a client sees at least 2 backends"),
            (said(What::Share, "bravo", "55..65"), "bravo got 55 to 65 % of the requests"),
            (said(What::Weight, "bravo", "=3"), "bravo has the weight 3"),
            (said(What::Queued, "", "=0"), "waiting for a place: no request"),
        ] {
            assert_eq!(told, wanted);
        }
        let seen = Check::Seen("bravo".to_owned(), vec![State::Down, State::Up]);
        assert_eq!(seen.words(None, false), "bravo was DOWN, and then UP");
        assert_eq!(seen.words(None, true), "one of them was DOWN, and then UP");
    }

    #[test]
    fn what_was_measured_reads_as_a_sentence() {
        assert_eq!(figure(What::MaxActive, "bravo").told(8.0), "bravo held 8 requests at once");
        assert_eq!(figure(What::Share, "alpha").told(59.94), "alpha got 59.9 % of the requests");
        assert_eq!(figure(What::Lost, "GET").told(0.0), "no GET request failed");
        assert_eq!(figure(What::Cut, "charlie").told(2.0), "cut off at charlie: 2 open connections");
        assert_eq!(figure(What::Jain, "").told(1.0 / 3.0), "fairness (1 is even) is 0.33");
    }

    #[test]
    fn no_figure_shows_the_name_it_has_in_a_file() {
        for known in &FIGURES {
            let of = match known.of {
                Of::Status => "429",
                Of::MethodOrAll => "GET",
                Of::Nothing => "",
                Of::Backend | Of::BackendOrAll => "bravo",
            };
            let one = figure(known.what, of);
            for text in ["<1", "<=4", ">4", ">=1", "=0", "=1", "2..3"] {
                let is = Comparison::read(text, "").expect(text);
                let words = Check::Figure(one.clone(), is).words(Some(20), false);
                assert!(!words.contains(['(', '<', '>', '=']) || known.what == What::Jain, "{words}");
                assert!(!words.contains("  ") && !words.contains(&one.to_string()), "{words}");
            }
        }
    }
}
