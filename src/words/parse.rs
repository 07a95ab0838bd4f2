//! Turns a word and what follows it into a command.

use stickylb::api::{
    BackendId, Chaos, Command, MAX_WEIGHT, Snapshot, StickyBy, Strategy, SurviveOptions, TrafficOptions,
};
use stickylb::config::AlertRule;
use stickylb::untrusted::Untrusted;

use super::faults::{FAULTS, kinds};
use super::name::{all_names, named};
use super::table::{Argument, Does, Word};

/// What is meant where it is left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meant {
    /// `None` where no backend is ever selected: there a word says itself whether it is for all then. The error says why none
    /// is selected now.
    pub(crate) backend: Option<Result<BackendId, String>>,
    /// `None` is all pools.
    pub(crate) pool: Option<String>,
}

/// The command of a word and what follows it.
///
/// # Errors
/// Something is missing, too much, or not what it should be; as one sentence.
pub(crate) fn command(word: &Word, given: &[&str], snapshot: &Snapshot, meant: &Meant) -> Result<Command, String> {
    let mut given = Given { word, rest: given, snapshot, meant, left_out: left_out(word, given.len(), meant) };
    let command = match word.does {
        Does::Intent(intent) => Command::SetIntent { id: given.backend()?, intent },
        Does::Weight => {
            let id = given.backend()?;
            Command::SetWeight { id, weight: weight(given.next(Argument::Weight)?)? }
        }
        Does::Check => Command::CheckNow { id: given.backend()? },
        Does::Kill => Command::Kill { id: given.backend()? },
        Does::Restart if given.rest.is_empty() && !given.left_out => Command::RestartAll,
        Does::Restart => Command::Restart { id: given.backend()? },
        Does::RestartAll => Command::RestartAll,
        Does::Demo => Command::SpawnDemo,
        Does::Strategy => {
            let strategy = given.next(Argument::Strategy)?.parse::<Strategy>()?;
            Command::SetStrategy { pool: given.pool()?, strategy }
        }
        Does::Sticky => {
            let by = given.next(Argument::Mode)?.parse::<StickyBy>()?;
            Command::SetSticky { pool: given.pool()?, by }
        }
        Does::Undo => Command::Undo,
        Does::Baseline => Command::Baseline,
        Does::Alert => {
            let when = given.all(Argument::When)?;
            if when == "off" {
                return Ok(Command::SetAlert { when: None });
            }
            when.parse::<AlertRule>().map_err(|error| error.message)?;
            Command::SetAlert { when: Some(when) }
        }
        Does::Bodies => Command::KeepBodies { on: on_or_off(given.next(Argument::OnOff)?)? },
        Does::Survive if given.rest.is_empty() => Command::Survive(SurviveOptions::default()),
        Does::Survive => step(given.next(Argument::Step)?)?,
        Does::Traffic if given.rest.is_empty() => return Err(NO_TRAFFIC.to_owned()),
        Does::Traffic => match given.all(Argument::Traffic)?.as_str() {
            "off" => Command::TrafficOff,
            line => Command::Traffic(line.parse::<TrafficOptions>()?),
        },
        Does::Chaos => given.chaos()?,
        Does::Reload => Command::Reload,
    };
    if given.rest.is_empty() {
        return Ok(command);
    }
    Err(format!("'{}' is too much: {}", Untrusted::new(given.rest.join(" ")), word.usage()))
}

/// Whether the backend is left out, and the selected one is meant.
fn left_out(word: &Word, given: usize, meant: &Meant) -> bool {
    let needed = word.arguments.iter().filter(|argument| **argument != Argument::Pool).count();
    let begins = matches!(word.arguments.first(), Some(Argument::Backend | Argument::BackendOrAll));
    begins && given < needed && meant.backend.is_some()
}

/// What follows a word, taken one after the other.
struct Given<'g> {
    word: &'g Word,
    rest: &'g [&'g str],
    snapshot: &'g Snapshot,
    meant: &'g Meant,
    left_out: bool,
}

impl<'g> Given<'g> {
    fn next(&mut self, argument: Argument) -> Result<&'g str, String> {
        let (first, rest) = self
            .rest
            .split_first()
            .ok_or_else(|| format!("{} is missing: {}", argument.placeholder(), self.word.usage()))?;
        self.rest = rest;
        Ok(first)
    }

    /// All words that are left, as one line; one that has blanks in it, as a shell hands it on, is put in quotation marks again.
    fn all(&mut self, argument: Argument) -> Result<String, String> {
        let first = self.next(argument)?;
        let rest = std::mem::take(&mut self.rest).iter().copied();
        let quoted = |word: &str| match word.split_once('=') {
            Some((key, value)) if value.contains(char::is_whitespace) && !value.contains('"') => {
                format!("{key}=\"{value}\"")
            }
            _ => word.to_owned(),
        };
        Ok(std::iter::once(first).chain(rest).map(quoted).collect::<Vec<_>>().join(" "))
    }

    /// `off`, `BACKEND off`, `BACKEND FAULT…`; a selected backend may be left out.
    fn chaos(&mut self) -> Result<Command, String> {
        if self.rest == ["off"] {
            self.rest = &[];
            return Ok(Command::ChaosOff { id: None });
        }
        let Some(first) = self.rest.first().copied() else { return Err(no_fault("BACKEND")) };
        let id = match named(self.snapshot, first) {
            Ok(backend) => {
                self.rest = &self.rest[1..];
                backend.id
            }
            Err(none) => self.faulty(first, none)?,
        };
        if self.rest.is_empty() {
            return Err(no_fault(&Untrusted::new(first).shown()));
        }
        match self.all(Argument::Fault)?.as_str() {
            "off" => Ok(Command::ChaosOff { id: Some(id) }),
            line => Ok(Command::SetChaos { id, chaos: line.parse::<Chaos>()? }),
        }
    }

    /// The backend that is meant where the first word names none: the selected one, if that word is a fault.
    fn faulty(&self, first: &str, none: String) -> Result<BackendId, String> {
        let begins_fault = |word: &str| kinds().any(|kind| kind == word);
        match &self.meant.backend {
            Some(selected) if begins_fault(first) => selected.clone(),
            // A fault follows it, so that it can only be meant for a backend.
            _ if self.rest.get(1).is_some_and(|second| *second == "off" || begins_fault(second)) => Err(none),
            _ if begins_fault(first) => {
                let fault = Untrusted::new(self.rest.join(" "));
                Err(format!("which backend is to have it? Write chaos BACKEND {fault}: {}", all_names(self.snapshot)))
            }
            _ => {
                let (word, known) = (Untrusted::new(first), kinds().collect::<Vec<_>>().join(", "));
                Err(format!("'{word}' is neither a backend ({}) nor a fault ({known})", all_names(self.snapshot)))
            }
        }
    }

    fn backend(&mut self) -> Result<BackendId, String> {
        if let (true, Some(selected)) = (self.left_out, &self.meant.backend) {
            return selected.clone();
        }
        let name = self.next(Argument::Backend)?;
        named(self.snapshot, name).map(|backend| backend.id)
    }

    fn pool(&mut self) -> Result<Option<String>, String> {
        let Ok(name) = self.next(Argument::Pool) else { return Ok(self.meant.pool.clone()) };
        let pools = &self.snapshot.pools;
        if pools.iter().any(|pool| pool.name == *name) {
            return Ok(Some(name.to_owned()));
        }
        let known: Vec<String> = pools.iter().map(|pool| pool.name.to_string()).collect();
        Err(format!("there is no pool '{}': there is {}", Untrusted::new(name), known.join(", ")))
    }
}

/// What is said to `traffic` alone.
const NO_TRAFFIC: &str =
    "say which traffic: traffic open rate=24, traffic closed clients=12 or traffic off, for example";

/// What is said where a backend alone is named, or nothing at all.
fn no_fault(backend: &str) -> String {
    let off =
        if backend == "BACKEND" { "chaos off ends all".to_owned() } else { format!("chaos {backend} off ends it") };
    let others = kinds().skip(2).collect::<Vec<_>>().join(", ");
    format!("say which fault: chaos {backend} {}, {}, {others}; {off}", FAULTS[0], FAULTS[1])
}

fn on_or_off(word: &str) -> Result<bool, String> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("'{}' is neither on nor off", Untrusted::new(word))),
    }
}

fn step(word: &str) -> Result<Command, String> {
    match word {
        "report" => Ok(Command::SurviveReport),
        "stop" => Ok(Command::SurviveStop),
        _ => Err(format!("'{}' is neither report nor stop; survive alone begins", Untrusted::new(word))),
    }
}

pub(super) fn weight(word: &str) -> Result<u32, String> {
    let weight = word.parse().ok().filter(|weight| *weight <= MAX_WEIGHT);
    let shown = Untrusted::new(word);
    weight.ok_or_else(|| format!("'{shown}' is no weight: it is a whole number from 0 to {MAX_WEIGHT}"))
}

#[cfg(test)]
mod tests {
    use stickylb::api::{BackendView, Intent, PoolView};

    use super::*;
    use crate::words::{WORDS, word};

    fn snapshot() -> Snapshot {
        let backend = |id: u32, name: &str, pool: &str| {
            let mut backend = BackendView::default();
            (backend.id, backend.name, backend.pool) = (id.into(), name.into(), pool.into());
            backend
        };
        let pool = |name: &str| {
            let mut pool = PoolView::default();
            pool.name = name.into();
            pool
        };
        let mut snapshot = Snapshot::default();
        snapshot.pools = vec![pool("web"), pool("api")];
        snapshot.backends = vec![backend(1, "alpha", "web"), backend(7, "bravo", "web"), backend(2, "7", "api")];
        snapshot
    }

    fn said(line: &str, meant: &Meant) -> Result<Command, String> {
        let words: Vec<&str> = line.split(' ').collect();
        command(word(words[0]).expect("a word"), &words[1..], &snapshot(), meant)
    }

    #[test]
    fn a_backend_is_known_by_name_pool_and_name_or_id_and_a_name_wins() {
        let drain = |id: u32| Ok(Command::SetIntent { id: id.into(), intent: Intent::Drain });
        for (line, id) in
            [("drain alpha", 1), ("drain BRAVO", 7), ("drain web/bravo", 7), ("drain 1", 1), ("drain 7", 2)]
        {
            assert_eq!(said(line, &Meant::default()), drain(id), "{line}");
        }
        let trouble = said("drain zulu", &Meant::default()).expect_err("there is none");
        assert_eq!(trouble, "there is no backend 'zulu': there is web/alpha (1), web/bravo (7), api/7 (2)");
    }

    #[test]
    fn what_is_left_out_is_the_one_that_is_meant_or_missing() {
        let meant = Meant { backend: Some(Ok(7.into())), pool: Some("web".to_owned()) };
        assert_eq!(said("weight 5", &meant), Ok(Command::SetWeight { id: 7.into(), weight: 5 }));
        assert_eq!(said("kill", &meant), Ok(Command::Kill { id: 7.into() }));
        assert_eq!(said("restart", &meant), Ok(Command::Restart { id: 7.into() }));
        assert_eq!(said("restart", &Meant::default()), Ok(Command::RestartAll));
        assert_eq!(said("weight alpha", &Meant::default()), Err("N is missing: weight BACKEND N".to_owned()));
        assert_eq!(said("kill", &Meant::default()), Err("BACKEND is missing: kill BACKEND".to_owned()));
        let random =
            |pool: Option<&str>| Ok(Command::SetStrategy { pool: pool.map(str::to_owned), strategy: Strategy::Random });
        assert_eq!(said("strategy random", &meant), random(Some("web")));
        assert_eq!(said("strategy random", &Meant::default()), random(None));
        assert_eq!(said("strategy random api", &meant), random(Some("api")));
    }

    #[test]
    fn where_a_backend_could_be_selected_and_none_is_nothing_is_done_to_all() {
        let meant = Meant { backend: Some(Err("none is selected".to_owned())), pool: None };
        for line in ["restart", "kill", "weight 5", "drain"] {
            assert_eq!(said(line, &meant), Err("none is selected".to_owned()), "{line}");
        }
        assert_eq!(said("restart alpha", &meant), Ok(Command::Restart { id: 1.into() }));
        assert_eq!(said("restart-all", &meant), Ok(Command::RestartAll));
    }

    #[test]
    fn a_fault_is_for_the_backend_that_is_named_or_for_the_selected_one() {
        let selected = Meant { backend: Some(Ok(7.into())), pool: None };
        let hang = |id: u32| Ok(Command::SetChaos { id: id.into(), chaos: "hang for=5s".parse().expect("a fault") });
        assert_eq!(said("chaos alpha hang for=5s", &Meant::default()), hang(1));
        assert_eq!(said("chaos hang for=5s", &selected), hang(7));
        assert_eq!(said("chaos alpha hang for=5s", &selected), hang(1));
        assert_eq!(said("chaos off", &selected), Ok(Command::ChaosOff { id: None }));
        assert_eq!(said("chaos web/alpha off", &Meant::default()), Ok(Command::ChaosOff { id: Some(1.into()) }));
        let quoted = [r#"match="path~^/a b""#, "match=path~^/a b"];
        let of = |given: &[&str]| command(word("chaos").expect("a word"), given, &snapshot(), &Meant::default());
        let Ok(Command::SetChaos { chaos, .. }) = of(&["alpha", "hang", quoted[1]]) else { panic!("a fault") };
        assert_eq!(chaos.to_string(), format!("hang for=30s {}", quoted[0]), "as a shell hands it on");
    }

    #[test]
    fn a_fault_that_is_written_wrong_is_told_what_is_missing() {
        let selected = Meant { backend: Some(Ok(7.into())), pool: None };
        let known = "web/alpha (1), web/bravo (7), api/7 (2)";
        let kinds = "latency, error, refuse, blackhole, hang, reset, slow, truncate, flaky";
        let some = "latency 300ms, error 503, refuse, blackhole, hang, reset, slow, truncate, flaky";
        for (line, trouble) in [
            ("chaos bravo", format!("say which fault: chaos bravo {some}; chaos bravo off ends it")),
            ("chaos zulu latency 300ms", format!("there is no backend 'zulu': there is {known}")),
            ("chaos zulu off", format!("there is no backend 'zulu': there is {known}")),
            ("chaos lag 3s", format!("'lag' is neither a backend ({known}) nor a fault ({kinds})")),
        ] {
            assert_eq!(said(line, &Meant::default()), Err(trouble.clone()), "{line}");
            assert_eq!(said(line, &selected), Err(trouble), "{line}, with a selected one");
        }
        let trouble = |line, meant: &Meant| said(line, meant).expect_err(line);
        assert_eq!(
            trouble("chaos latency 300ms", &Meant::default()),
            format!("which backend is to have it? Write chaos BACKEND latency 300ms: {known}")
        );
        let none = Meant { backend: Some(Err("none is selected".to_owned())), pool: None };
        assert_eq!(trouble("chaos latency 300ms", &none), "none is selected");
        assert!(trouble("chaos bravo lag 3s", &selected).starts_with("'lag' is no kind of fault: there is latency"));
        assert!(trouble("chaos bravo latency", &selected).starts_with("latency is written so: latency 300ms"));
        assert!(trouble("traffic fast", &selected).starts_with("'fast' is no traffic: it is open, closed or off"));
        let alone = |name: &str| command(word(name).expect("a word"), &[], &snapshot(), &selected).expect_err(name);
        assert_eq!(alone("traffic"), NO_TRAFFIC);
        assert_eq!(alone("chaos"), format!("say which fault: chaos BACKEND {some}; chaos off ends all"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let trouble = |line| said(line, &Meant::default()).expect_err("it is wrong");
        assert_eq!(trouble("weight alpha 1001"), "'1001' is no weight: it is a whole number from 0 to 1000");
        assert_eq!(trouble("survive now"), "'now' is neither report nor stop; survive alone begins");
        assert_eq!(trouble("undo it now"), "'it now' is too much: undo");
        assert_eq!(trouble("strategy random db"), "there is no pool 'db': there is web, api");
        assert!(trouble("strategy best").starts_with("Unknown strategy 'best'. Valid options: "));
    }

    #[test]
    fn no_word_stands_twice_and_what_may_be_left_out_stands_last() {
        for (n, word) in WORDS.iter().enumerate() {
            assert!(WORDS[..n].iter().all(|other| other.name != word.name), "{}", word.name);
            assert!(word.arguments.is_sorted_by_key(|argument| argument.is_optional()), "{}", word.usage());
        }
    }
}
