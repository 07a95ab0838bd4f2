//! The man page contains what `--help` of every command says, and programs that show man pages can read it.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::support::left_out::left_out;

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickylb-tui"));
    command.args(words).stdin(Stdio::null());
    command
}

fn page() -> String {
    let output = program(&["man"]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What `WORDS --help` lists: the long options and the subcommands.
fn help(words: &[&str]) -> (Vec<String>, Vec<String>) {
    let output = program(words).arg("--help").output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (mut options, mut commands, mut section) = (Vec::new(), Vec::new(), "");
    for line in text.lines() {
        if !line.starts_with(' ') {
            section = line;
        }
        let mut words = line.split_whitespace().map(|word| word.trim_end_matches(','));
        match section {
            // Long help is on the lines after the command.
            "Commands:" if line.starts_with("  ") && !line.starts_with("   ") => commands.extend(words.next()),
            "Options:" if line.trim_start().starts_with('-') => {
                options.extend(words.find(|word| word.starts_with("--")));
            }
            _ => {}
        }
    }
    let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
    (owned(options), owned(commands))
}

/// The words of every command except `help`; the first is the program itself.
fn commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut at = 0;
    while let Some(words) = found.get(at).cloned() {
        let (_, below) = help(&words.iter().map(String::as_str).collect::<Vec<_>>());
        for name in below.into_iter().filter(|name| name != "help") {
            found.push([words.clone(), vec![name]].concat());
        }
        at += 1;
    }
    found
}

/// A command's section of the page.
fn part<'a>(page: &'a str, words: &[String]) -> &'a str {
    let heading = match words {
        [] => ".SH OPTIONS\n".to_owned(),
        [one] => format!(".SS {one}\n"),
        several => format!(".SS \"{}\"\n", several.join(" ")),
    };
    let (_, rest) = page.split_once(&heading).unwrap_or_else(|| panic!("no {heading:?} in {page}"));
    rest.split("\n.S").next().unwrap()
}

#[test]
fn the_man_page_holds_every_command_and_option_that_help_shows_and_no_hidden_one() {
    let page = page();
    let all = commands();
    assert!(all.len() > 20 && all.contains(&vec!["ctl".to_owned(), "status".to_owned()]), "{all:?}");
    for words in &all {
        let part = part(&page, words);
        let (options, _) = help(&words.iter().map(String::as_str).collect::<Vec<_>>());
        // Each command has --help, and those under ctl have its --port: the page describes these once.
        let of_all =
            |option: &&String| (words.is_empty() || *option != "--help") && (words.len() < 2 || *option != "--port");
        for option in options.iter().filter(of_all) {
            assert!(part.contains(&option.replace('-', "\\-")), "no {option} in {words:?}: {part}");
        }
    }
    for hidden in ["demo\\-backend", "supervise", "\\-\\-background"] {
        assert!(!page.contains(hidden), "{hidden} is hidden");
    }
}

#[test]
fn the_man_page_is_rendered_without_a_complaint() {
    let page = page();
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all(page.as_bytes()).unwrap();
    // One line per paragraph, so that no word is hyphenated.
    for (renderer, arguments) in [
        ("groff", &["-man", "-Tutf8", "-ww", "-rLL=900n", "-P-cbou"][..]),
        ("mandoc", &["-man", "-Tutf8", "-Werror", "-Owidth=900"]),
    ] {
        let mut command = Command::new(renderer);
        command.args(arguments).arg(file.path()).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        let Ok(output) = command.output() else {
            left_out(&format!("there is no {renderer} to render the man page"));
            continue;
        };
        assert!(output.status.success() && output.stderr.is_empty(), "{renderer}: {}", text(&output.stderr));
        let shown = text(&output.stdout);
        for part in
            ["EXIT STATUS", "-c, --config <FILE>", "the terminal's bell", "GET, POST, …", "ctl weight", "--demo"]
        {
            assert!(shown.contains(part), "{renderer} shows no '{part}': {shown}");
        }
    }
}

/// The plain text of a rendered page: a letter printed twice is bold, one over an underscore is underlined.
fn text(rendered: &[u8]) -> String {
    let mut shown = String::new();
    for c in String::from_utf8_lossy(rendered).chars() {
        match c {
            '\u{8}' => _ = shown.pop(),
            '\u{2010}' | '\u{2212}' => shown.push('-'),
            c => shown.push(c),
        }
    }
    shown
}

#[test]
fn a_reader_that_leaves_gets_no_backtrace_and_a_full_disk_is_one_sentence() {
    for words in [&["man"][..], &["schema"], &["completions", "bash"], &["--help"], &["--version"], &["list"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program(words).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let is_quiet = output.stderr.is_empty() || output.stderr == b"no stickylb-tui is running\n";
        assert!(output.status.success() && is_quiet, "{words:?}: {output:?}");
    }
    if cfg!(target_os = "linux") {
        for words in [&["man"][..], &["schema"], &["completions", "zsh"], &["--help"], &["--version"]] {
            let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
            let output: Output = program(words).stdout(full).stderr(Stdio::piped()).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{said}");
            let full = "stickylb-tui: cannot write the answer to standard output: No space left";
            assert!(said.starts_with(full) && said.lines().count() == 1, "{said}");
        }
    }
}
