//! What a bare word was meant to be that is no backend.

use clap::CommandFactory as _;

use super::args::Args;
use super::offered::offered;

/// The option that stands alone, or the subcommand, with the name of this word, or one that is a letter away from it: `--demo`,
/// `stickylb-tui list`.
pub(super) fn meant(word: &str) -> Option<String> {
    let command = offered(&Args::command());
    let mut options: Vec<&str> =
        command.get_arguments().filter(|option| stands_alone(option)).filter_map(clap::Arg::get_long).collect();
    options.extend(["help", "version"]);
    let subcommands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let option = |near| nearest(word, &options, near).map(|name| format!("--{name}"));
    let subcommand = |near| nearest(word, &subcommands, near).map(|name| format!("stickylb-tui {name}"));
    option(0).or_else(|| subcommand(1)).or_else(|| option(1))
}

/// Whether an option needs no value. A word that is one that does may be a host without its port.
fn stands_alone(option: &clap::Arg) -> bool {
    !option.get_action().takes_values() || option.get_num_args().is_some_and(|count| count.min_values() == 0)
}

/// The name that is at most so many letters away from what was written.
fn nearest<'n>(written: &str, names: &[&'n str], letters: usize) -> Option<&'n str> {
    let written = written.to_ascii_lowercase();
    let far = |name: &&str| strsim::damerau_levenshtein(&written, name);
    names.iter().copied().filter(|name| far(name) <= letters && name.len() > 3).min_by_key(far)
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
