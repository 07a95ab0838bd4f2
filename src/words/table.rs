//! The words that tell the engine to do something.

use stickylb::api::Intent;

/// One word with what may follow it.
pub(crate) struct Word {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [Argument],
    /// What it does, as a sentence without a full stop.
    pub(crate) help: &'static str,
    pub(super) does: Does,
}

/// What may follow a word. Only the last ones of a word may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A backend's name, `pool/name` or id. On the screen it may be left out: then it is the selected one.
    Backend,
    /// The same, or nothing for all.
    BackendOrAll,
    /// A weight.
    Weight,
    Strategy,
    /// What clients stick by.
    Mode,
    /// A pool's name, or nothing: on the screen the selected backend's, elsewhere all.
    Pool,
    /// `on` or `off`.
    OnOff,
    /// What an alert is told of, in as many words as it takes, or `off`.
    When,
    /// `report` or `stop`; nothing begins.
    Step,
    /// `open` or `closed` traffic in as many words as it takes, or `off`.
    Traffic,
    /// The backend that is to have a fault, or `off` for all. On the screen it may be left out: then it is the selected one.
    FaultyBackend,
    /// A fault in as many words as it takes, or `off`; nothing behind an `off` in the backend's place.
    Fault,
}

/// What a word does, before its arguments are known.
#[derive(Clone, Copy)]
pub(super) enum Does {
    Intent(Intent),
    Weight,
    Check,
    Kill,
    Restart,
    RestartAll,
    Demo,
    Strategy,
    Sticky,
    Undo,
    Baseline,
    Alert,
    Bodies,
    Survive,
    Traffic,
    Chaos,
    Reload,
}

impl Argument {
    /// The placeholder, in brackets if it may be left out everywhere.
    pub(crate) const fn placeholder(self) -> &'static str {
        match self {
            Argument::Backend | Argument::FaultyBackend => "BACKEND",
            Argument::BackendOrAll => "[BACKEND]",
            Argument::Weight => "N",
            Argument::Strategy => "STRATEGY",
            Argument::Mode => "MODE",
            Argument::Pool => "[POOL]",
            Argument::OnOff => "on|off",
            Argument::When => "WHEN…",
            Argument::Step => "[report|stop]",
            Argument::Traffic => "TRAFFIC…",
            Argument::Fault => "[FAULT…]",
        }
    }

    /// Whether it takes all the words that are left.
    pub(crate) const fn takes_the_rest(self) -> bool {
        matches!(self, Argument::When | Argument::Traffic | Argument::Fault)
    }

    /// Whether it may be left out everywhere.
    pub(crate) const fn is_optional(self) -> bool {
        matches!(self, Argument::BackendOrAll | Argument::Pool | Argument::Step | Argument::Fault)
    }

    /// What to write for it.
    pub(crate) const fn help(self) -> &'static str {
        match self {
            Argument::Backend => "Its name, pool/name or id",
            Argument::BackendOrAll => "Its name, pool/name or id; all where it is left out",
            Argument::Weight => "0 to 1000; 0 gets no new clients",
            Argument::Strategy => {
                "round-robin, smooth-round-robin, least-connections, random, power-of-two, least-latency, hash or first"
            }
            Argument::Mode => "cookie, ip, header:NAME, query:NAME, learn:FROM or off",
            Argument::Pool => "In this pool alone",
            Argument::Step => {
                "report ends the watch and tries what was seen, or shows the last report; stop ends it where it is"
            }
            Argument::Traffic => {
                "open rate=24 clients=12 cookies=keep mix=\"90% GET /, 10% POST /echo\" for=10m, or closed clients=12 think=100ms, \
                 for example; off ends it"
            }
            Argument::FaultyBackend => "Its name, pool/name or id; off ends all faults",
            Argument::Fault => {
                "latency 300ms±50, error 503, refuse, blackhole, hang, reset, slow 10KB/s, truncate 1KB or flaky up=5s down=5s, with \
                 for=30s share=100% first=N match=\"path~^/api\" checks=hit|spare; off ends the one it has"
            }
            Argument::OnOff => "on keeps them, off forgets them",
            Argument::When => "p95>500ms for=10s, errors>1% or up<2, for example; off ends it",
        }
    }
}

impl Word {
    /// The word with its arguments: `weight BACKEND N`.
    pub(crate) fn usage(&self) -> String {
        let arguments = self.arguments.iter().map(|argument| argument.placeholder());
        std::iter::once(self.name).chain(arguments).collect::<Vec<_>>().join(" ")
    }
}

const fn entry(name: &'static str, arguments: &'static [Argument], does: Does, help: &'static str) -> Word {
    Word { name, arguments, help, does }
}

/// Every word, in the order of help and docs.
pub(crate) const WORDS: &[Word] = &[
    entry("up", &[Argument::Backend], Does::Intent(Intent::InService), "put a backend in service, whatever it was"),
    entry("down", &[Argument::Backend], Does::Intent(Intent::Maint), "take a backend out: its clients move at once"),
    entry("maint", &[Argument::Backend], Does::Intent(Intent::Maint), "the same as down: its state is MAINT then"),
    entry(
        "drain",
        &[Argument::Backend],
        Does::Intent(Intent::Drain),
        "let a backend keep its clients and get no new ones",
    ),
    entry("weight", &[Argument::Backend, Argument::Weight], Does::Weight, "change a backend's weight"),
    entry("check", &[Argument::Backend], Does::Check, "check a backend now"),
    entry("kill", &[Argument::Backend], Does::Kill, "kill a backend's process at once, as a crash would"),
    entry(
        "restart",
        &[Argument::BackendOrAll],
        Does::Restart,
        "restart a backend's process once its clients have moved, or start it again",
    ),
    entry("restart-all", &[], Does::RestartAll, "restart all processes one after the other, without losing a request"),
    entry("demo", &[], Does::Demo, "start one more demo backend"),
    entry("strategy", &[Argument::Strategy, Argument::Pool], Does::Strategy, "change how backends are chosen"),
    entry("sticky", &[Argument::Mode, Argument::Pool], Does::Sticky, "change what binds a client to its backend"),
    entry("undo", &[], Does::Undo, "take back the last change of weight, state, strategy or stickiness, or a fault"),
    entry(
        "baseline",
        &[],
        Does::Baseline,
        "count fairness anew from now on, and keep the figures until now to compare with",
    ),
    entry("alert", &[Argument::When], Does::Alert, "watch a threshold from now on, or no longer"),
    entry(
        "bodies",
        &[Argument::OnOff],
        Does::Bodies,
        "keep the bodies of requests and answers for the screens, the first 16 KB of each, or forget them",
    ),
    entry(
        "survive",
        &[Argument::Step],
        Does::Survive,
        "find out whether the app survives more than one copy: watch what passes, then try it on each copy",
    ),
    entry(
        "traffic",
        &[Argument::Traffic],
        Does::Traffic,
        "send traffic to this balancer itself, at most 500 requests a second, or no more",
    ),
    entry(
        "chaos",
        &[Argument::FaultyBackend, Argument::Fault],
        Does::Chaos,
        "let a backend have a fault, which ends by itself, or none",
    ),
    entry("reload", &[], Does::Reload, "read the configuration file again"),
];

/// The word with this name.
pub(crate) fn word(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

#[cfg(test)]
mod tests {
    use stickylb::api::{BODY_KEPT, MAX_WEIGHT};

    use super::*;

    #[test]
    fn help_names_the_limits_that_hold() {
        assert!(Argument::Weight.help().starts_with(&format!("0 to {MAX_WEIGHT};")));
        let bodies = word("bodies").expect("a word").help;
        assert!(bodies.contains(&format!("the first {} KB of each", BODY_KEPT / 1024)), "{bodies}");
    }
}
