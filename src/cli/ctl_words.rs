//! The subcommands of `ctl`: how things stand, the words of the command language, and the end.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use super::survive::wanted::{Step, Wanted};
use crate::words::{Argument, WORDS, Word};

/// The word that has options of its own here.
const SURVIVE: &str = "survive";

/// The one that asks, and what may follow it.
const WHAT_IF: &str = "whatif";

const SETTINGS: &str = "SETTINGS";

/// What is asked of a balancer that runs.
#[derive(Clone)]
pub(super) enum Ctl {
    Status {
        json: bool,
    },
    Fairness {
        json: bool,
    },
    /// What is to be different, in words.
    WhatIf {
        json: bool,
        given: Vec<String>,
    },
    Survive(Step, Box<Wanted>),
    Stop,
    /// A word, and what follows it.
    Do(&'static Word, Vec<String>),
}

impl std::fmt::Debug for Ctl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ctl::Status { json } => write!(f, "Status {{ json: {json} }}"),
            Ctl::Fairness { json } => write!(f, "Fairness {{ json: {json} }}"),
            Ctl::WhatIf { json, given } => write!(f, "WhatIf {{ json: {json}, given: {given:?} }}"),
            Ctl::Survive(step, wanted) => write!(f, "Survive({step:?}, {wanted:?})"),
            Ctl::Stop => f.write_str("Stop"),
            Ctl::Do(word, given) => write!(f, "{} {given:?}", word.name),
        }
    }
}

impl clap::Subcommand for Ctl {
    fn augment_subcommands(ctl: Command) -> Command {
        let json = |help| Arg::new("json").long("json").action(ArgAction::SetTrue).help(help);
        let fairness = "How evenly requests were shared out since the baseline, and before it";
        ctl.subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand(Command::new("status").about("How things stand").arg(json("All of it, as JSON")))
            .subcommand(Command::new("fairness").about(fairness).arg(json("The same as JSON, by pool")))
            .subcommand(what_if().arg(json("The same as JSON")))
            .subcommands(WORDS.iter().map(subcommand))
            .subcommand(Command::new("stop").about("The same as stickylb-tui stop"))
    }

    fn augment_subcommands_for_update(ctl: Command) -> Command {
        Self::augment_subcommands(ctl)
    }

    fn has_subcommand(name: &str) -> bool {
        ["status", "fairness", WHAT_IF, "stop"].contains(&name) || WORDS.iter().any(|word| word.name == name)
    }
}

fn what_if() -> Command {
    let help = "without=BACKEND, weight=BACKEND:N, sticky=off, pool=POOL: what is to be different";
    Command::new(WHAT_IF)
        .about("What each strategy would have done with the last requests")
        .arg(Arg::new(SETTINGS).value_name(SETTINGS).num_args(0..).help(help))
}

fn subcommand(word: &'static Word) -> Command {
    let mut about = word.help.to_owned();
    about[..1].make_ascii_uppercase();
    let command = Command::new(word.name).about(about).args(word.arguments.iter().map(|argument| one(*argument)));
    if word.name == SURVIVE {
        // The group of options has no help of its own for a command.
        let about = command.get_about().cloned().unwrap_or_default();
        return Wanted::augment_args(command).about(about).after_help(
            "Without --har and --test it watches what passes until Enter or Ctrl-C. It ends with 1 if it finds something that \
             breaks with several copies, or does not come to its end.",
        );
    }
    let command = match more(word) {
        Some(more) => command.after_help(more),
        None => command,
    };
    if word.arguments.contains(&Argument::Pool) {
        let help = "The same, as an option";
        command.arg(Arg::new("--pool").long("pool").value_name("POOL").conflicts_with("[POOL]").help(help))
    } else {
        command
    }
}

/// What is told of a word below its arguments.
fn more(word: &Word) -> Option<&'static str> {
    if word.arguments.contains(&Argument::Traffic) {
        return Some(
            "Settings are clients=12, cookies=keep|none|N%, heavy=N, mix=\"90% GET /, 10% POST /echo\", seed=7 and for=10m; of open \
             traffic also rate=24 and spacing=even|poisson, of closed traffic think=100ms or think=exp:100ms. It goes to this \
             balancer alone and ends by itself.",
        );
    }
    word.arguments.contains(&Argument::Fault).then_some(
        "Without a setting it touches all requests and checks, and ends by itself after 30 s. For example:\n  chaos bravo latency \
         300ms±50 for=2m\n  chaos bravo error 503 share=50% checks=spare\n  chaos bravo reset first=2 match=\"path~^/api\"\n  chaos \
         off",
    )
}

fn one(argument: Argument) -> Arg {
    let id = argument.placeholder();
    let most = if argument.takes_the_rest() { usize::MAX } else { 1 };
    // A word that begins with a hyphen is a mistake to be told of, and no option.
    Arg::new(id)
        .value_name(id.trim_matches(['[', ']', '…']))
        .required(!argument.is_optional())
        .num_args(1..=most)
        .allow_negative_numbers(true)
        .help(argument.help())
}

/// What is to be done with a run of `survive`. The options are for one that begins, but for the report's form.
fn step(given: &ArgMatches) -> Result<Step, Error> {
    let step = match given.get_one::<String>(Argument::Step.placeholder()).map(String::as_str) {
        None => return Ok(Step::Whole),
        Some("report") => Step::Report,
        Some("stop") => Step::Stop,
        Some(other) => {
            let why = format!("'{other}' is neither report nor stop; survive alone begins\n");
            return Err(Error::raw(ErrorKind::InvalidValue, why));
        }
    };
    let begins = ["har", "test", "exclude", "unsafe_methods"];
    let shows = ["json", "junit"];
    let is_given = |id: &&str| given.value_source(id).is_some_and(|from| from == ValueSource::CommandLine);
    let unshown: &[&str] = if step == Step::Stop { &shows } else { &[] };
    match begins.iter().chain(unshown).copied().find(is_given) {
        None => Ok(step),
        Some(id) => {
            let option = id.split('_').next().unwrap_or_default();
            Err(Error::raw(
                ErrorKind::ArgumentConflict,
                format!("--{option} is for a run that begins: leave it out here\n"),
            ))
        }
    }
}

impl FromArgMatches for Ctl {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let (name, given) = matches.subcommand().ok_or_else(|| Error::new(ErrorKind::MissingSubcommand))?;
        Ok(match (name, crate::words::word(name)) {
            ("status", _) => Ctl::Status { json: given.get_flag("json") },
            ("fairness", _) => Ctl::Fairness { json: given.get_flag("json") },
            (WHAT_IF, _) => Ctl::WhatIf {
                json: given.get_flag("json"),
                given: given.get_many::<String>(SETTINGS).into_iter().flatten().cloned().collect(),
            },
            (SURVIVE, _) => Ctl::Survive(step(given)?, Box::new(Wanted::from_arg_matches(given)?)),
            (_, Some(word)) => {
                let pool = word.arguments.contains(&Argument::Pool).then_some("--pool");
                let ids = word.arguments.iter().map(|argument| argument.placeholder()).chain(pool);
                Ctl::Do(word, ids.filter_map(|id| given.get_many::<String>(id)).flatten().cloned().collect())
            }
            ("stop", _) => Ctl::Stop,
            _ => return Err(Error::new(ErrorKind::InvalidSubcommand)),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
