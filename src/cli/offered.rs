//! What the command line offers: the command without what is for the program itself.

/// The command without its hidden subcommands and options: what completions offer.
pub(super) fn offered(command: &clap::Command) -> clap::Command {
    let about = command.get_about().cloned().unwrap_or_default();
    clap::Command::new(command.get_name().to_owned())
        .about(about)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(command.is_disable_version_flag_set() || command.get_version().is_none())
        .args(command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned())
        .subcommands(command.get_subcommands().filter(|one| !one.is_hide_set()).map(offered))
}
