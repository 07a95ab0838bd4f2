//! The man page, in roff, generated from the definition of the command line so that it is always current.

use std::fmt::Write as _;
use std::io;

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use super::say::{FAILED, MISUSED};

/// One page for the program and all its subcommands but the hidden ones.
pub(super) fn page(command: Command) -> String {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let man = Man::new(with_usage(&command).mut_args(with_values));
    let mut page = apostrophes()
        + &roff(|roff| {
            // The date is left empty: it would be that of the build.
            roff.control("TH", ["stickylb-tui", "1", "\"\"", concat!("stickylb-tui ", env!("CARGO_PKG_VERSION"))]);
        });
    section(&mut page, "NAME", &written(|out| man.render_name_section(out)));
    section(&mut page, "SYNOPSIS", &written(|out| man.render_synopsis_section(out)));
    section(&mut page, "DESCRIPTION", &written(|out| man.render_description_section(out)));
    section(&mut page, "OPTIONS", &written(|out| man.render_options_section(out)));
    page.push_str(".SH COMMANDS\n");
    let above: Vec<&Arg> = command.get_arguments().collect();
    for subcommand in shown(&command) {
        describe(&mut page, subcommand, subcommand.get_name(), &above);
    }
    page.push_str(".SH EXIT STATUS\n");
    for (status, meaning) in [
        (0, "It did what it was asked to do."),
        (FAILED, "It failed while it ran; or survive found something, or did not come to its end."),
        (MISUSED, "The command line or the configuration is wrong, and nothing was started."),
    ] {
        let _ = writeln!(page, ".TP\n\\fB{status}\\fR\n{meaning}"); // writing to a String cannot fail
    }
    if let Some(examples) = command.get_after_help() {
        page.push_str(".SH EXAMPLES\n");
        verbatim(&mut page, &examples.to_string());
    }
    ascii(&page)
}

/// Describes a subcommand and those below it, each under its own heading. The arguments `above` are described already.
fn describe(page: &mut String, command: &Command, words: &str, above: &[&Arg]) {
    // Every command has a `--help` of its own, with differing help texts.
    let is_above = |arg: &Arg| {
        let same = |one: &&Arg| one.get_id() == arg.get_id() && one.get_help() == arg.get_help();
        arg.get_id() == "help" || above.iter().any(same)
    };
    // An argument without a help text appears in the usage only.
    let is_told = |arg: &Arg| arg.get_help().is_none() || is_above(arg);
    let own = with_usage(command).mut_args(|arg| if is_told(&arg) { arg.hide(true) } else { with_values(arg) });
    let man = Man::new(own);
    page.push_str(&roff(|roff| {
        roff.control("SS", [words]);
    }));
    page.push_str(body(&written(|out| man.render_synopsis_section(out))));
    page.push_str(".PP\n");
    page.push_str(body(&written(|out| man.render_description_section(out))));
    page.push_str(body(&written(|out| man.render_options_section(out))));
    let mut also = Vec::new();
    // A global option is described only once, with the command that defines it.
    for arg in command.get_arguments().filter(|arg| is_above(arg) && !arg.is_hide_set() && !arg.is_global_set()) {
        if let Some(long) = arg.get_long().filter(|long| *long != "help") {
            also.extend([roman(if also.is_empty() { "The same as above: " } else { ", " }), bold(format!("--{long}"))]);
        }
    }
    if !also.is_empty() {
        page.push_str(".PP\n");
        page.push_str(&line(also));
    }
    if let Some(more) = command.get_after_help() {
        page.push_str(".PP\n");
        verbatim(page, &more.to_string());
    }
    let above: Vec<&Arg> = above.iter().copied().chain(command.get_arguments()).collect();
    for subcommand in shown(command) {
        describe(page, subcommand, &format!("{words} {}", subcommand.get_name()), &above);
    }
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set())
}

/// The command with the usage of its `--help`, which is shorter than what clap_mangen generates.
fn with_usage(command: &Command) -> Command {
    let mut command = command.clone();
    let usage = command.render_usage().to_string();
    command.override_usage(usage.trim_start_matches("Usage:").trim().to_owned())
}

/// The argument with its possible values in one line instead of a list, unless they have help texts.
fn with_values(arg: Arg) -> Arg {
    let values = arg.get_possible_values();
    match arg.get_help() {
        Some(help) if !values.is_empty() && values.iter().all(|value| value.get_help().is_none()) => {
            let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
            let help = format!("{help} [possible values: {}]", names.join(", "));
            arg.hide_possible_values(true).help(help)
        }
        _ => arg,
    }
}

/// Lines that keep their breaks and their indentation.
fn verbatim(page: &mut String, text: &str) {
    page.push_str(".nf\n");
    for one in text.lines() {
        page.push_str(&line([roman(one)]));
    }
    page.push_str(".fi\n");
}

/// Adds a section rendered by clap_mangen, under a heading of ours.
fn section(page: &mut String, heading: &str, text: &str) {
    let _ = writeln!(page, ".SH {heading}"); // writing to a String cannot fail
    page.push_str(body(text));
}

/// A rendered section without its heading and the apostrophe preamble before it.
fn body(section: &str) -> &str {
    let (_, rest) = section.split_once("\n.SH ").unwrap_or_default();
    rest.split_once('\n').map_or("", |(_, body)| body)
}

fn line(inlines: impl Into<Vec<Inline>>) -> String {
    roff(|roff| {
        roff.text(inlines);
    })
}

fn roff(write: impl FnOnce(&mut Roff)) -> String {
    let mut roff = Roff::new();
    write(&mut roff);
    let text = roff.render();
    text.strip_prefix(&apostrophes()).unwrap_or(&text).to_owned()
}

/// The preamble of every rendered text, which defines how this troff writes an apostrophe. The page has it once.
fn apostrophes() -> String {
    Roff::new().render()
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("a Vec takes everything");
    String::from_utf8(bytes).expect("it is made of the texts of the command line, which are UTF-8")
}

/// Escapes characters beyond ASCII, because not every troff reads UTF-8.
fn ascii(page: &str) -> String {
    page.chars().fold(String::with_capacity(page.len()), |mut text, c| {
        if c.is_ascii() {
            text.push(c);
        } else {
            let _ = write!(text, "\\[u{:04X}]", u32::from(c)); // writing to a String cannot fail
        }
        text
    })
}
