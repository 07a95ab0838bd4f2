//! The subcommands of `ctl`: how things stand, the words of the command language, and the end.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches};

use crate::words::{Argument, WORDS, Word};

/// What is asked of a balancer that runs.
#[derive(Clone)]
pub(super) enum Ctl {
    Status {
        json: bool,
    },
    Fairness {
        json: bool,
    },
    Stop,
    /// A word, and what follows it.
    Do(&'static Word, Vec<String>),
}

impl std::fmt::Debug for Ctl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ctl::Status { json } => write!(f, "Status {{ json: {json} }}"),
            Ctl::Fairness { json } => write!(f, "Fairness {{ json: {json} }}"),
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
            .subcommands(WORDS.iter().map(subcommand))
            .subcommand(Command::new("stop").about("The same as stickylb-tui stop"))
    }

    fn augment_subcommands_for_update(ctl: Command) -> Command {
        Self::augment_subcommands(ctl)
    }

    fn has_subcommand(name: &str) -> bool {
        ["status", "fairness", "stop"].contains(&name) || WORDS.iter().any(|word| word.name == name)
    }
}

fn subcommand(word: &'static Word) -> Command {
    let mut about = word.help.to_owned();
    about[..1].make_ascii_uppercase();
    let command = Command::new(word.name).about(about).args(word.arguments.iter().map(|argument| one(*argument)));
    if word.arguments.contains(&Argument::Pool) {
        let help = "The same, as an option";
        command.arg(Arg::new("--pool").long("pool").value_name("POOL").conflicts_with("[POOL]").help(help))
    } else {
        command
    }
}

fn one(argument: Argument) -> Arg {
    let id = argument.placeholder();
    let most = if argument == Argument::When { usize::MAX } else { 1 };
    // A word that begins with a hyphen is a mistake to be told of, and no option.
    Arg::new(id)
        .value_name(id.trim_matches(['[', ']', '…']))
        .required(!argument.is_optional())
        .num_args(1..=most)
        .allow_negative_numbers(true)
        .help(argument.help())
}

impl FromArgMatches for Ctl {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let (name, given) = matches.subcommand().ok_or_else(|| Error::new(ErrorKind::MissingSubcommand))?;
        Ok(match (name, crate::words::word(name)) {
            ("status", _) => Ctl::Status { json: given.get_flag("json") },
            ("fairness", _) => Ctl::Fairness { json: given.get_flag("json") },
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
