//! What a bare word was meant to be that is no backend.

use clap::CommandFactory as _;

use super::args::Args;
use super::offered::offered;
use stickylb::program::nearest_within;

/// The option that stands alone, or the subcommand, with the name of this word, or one that is a letter away from it: `--demo`,
/// `stickylb-tui list`.
pub(super) fn meant(word: &str) -> Option<String> {
    let command = offered(&Args::command());
    let mut options: Vec<&str> =
        command.get_arguments().filter(|option| stands_alone(option)).filter_map(clap::Arg::get_long).collect();
    options.extend(["help", "version"]);
    let subcommands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let option = |near| nearest_within(word, long(&options), |_| near).map(|name| format!("--{name}"));
    let subcommand =
        |near| nearest_within(word, long(&subcommands), |_| near).map(|name| format!("stickylb-tui {name}"));
    option(0).or_else(|| subcommand(1)).or_else(|| option(1))
}

/// The names that are not near to every short host's.
fn long<'n>(names: &[&'n str]) -> impl Iterator<Item = &'n str> {
    names.iter().copied().filter(|name| name.len() > 3)
}

/// Whether an option needs no value. A word that is one that does may be a host without its port.
fn stands_alone(option: &clap::Arg) -> bool {
    !option.get_action().takes_values() || option.get_num_args().is_some_and(|count| count.min_values() == 0)
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn a_word_that_is_an_option_or_nearly_a_subcommand_is_known_and_no_other() {
        for (word, known) in [
            ("demo", Some("--demo")),
            ("Headless", Some("--headless")),
            ("version", Some("--version")),
            ("demoo", Some("--demo")),
            ("chekc", Some("stickylb-tui check")),
            ("localhost", None),
            ("host", None),
            ("api", None),
        ] {
            assert_eq!(meant(word).as_deref(), known, "{word}");
        }
    }
}
