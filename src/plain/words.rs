//! The words that `--plain` has besides those of the command language, and help for all of them.

use std::fmt::Write as _;

use stickylb::program::nearest;
use stickylb::untrusted::Untrusted;

use crate::words::{WHAT_IF_USAGE, WORDS, word};

/// A word with what may follow it, and what it does.
struct PlainWord {
    usage: &'static str,
    help: &'static str,
}

/// The words of the conversation itself.
const PLAIN_WORDS: &[PlainWord] = &[
    PlainWord { usage: "status", help: "how things stand, as a table" },
    PlainWord { usage: "fairness", help: "how evenly requests were shared out since the baseline, and before it" },
    PlainWord { usage: WHAT_IF_USAGE, help: "what each strategy would have done with the last requests" },
    PlainWord { usage: "why [NUMBER]", help: "why the last request went where it went, or the one with this number" },
    PlainWord {
        usage: "replay NUMBER [BACKEND]",
        help: "send the request with this number again, to this backend or as it is balanced",
    },
    PlainWord {
        usage: "export-config ENGINE",
        help: "write what runs here for HAProxy, nginx, Caddy, Traefik, Envoy or Kubernetes, into a file of theirs",
    },
    PlainWord { usage: "log on|off|errors", help: "which log lines are shown: all, none, or failures and warnings" },
    PlainWord {
        usage: "filter [FILTER]",
        help: "show only the log lines that match, such as backend:alpha status>=500; alone, show all again",
    },
    PlainWord { usage: "help [WORD]", help: "all words, or more of one" },
    PlainWord { usage: "quit", help: "leave; asks if requests are in flight" },
];

fn name(own: &PlainWord) -> &'static str {
    own.usage.split(' ').next().unwrap_or_default()
}

/// All words, one a line.
pub(super) fn help() -> String {
    let mut text = String::new();
    let own = PLAIN_WORDS.iter().map(|own| (own.usage.to_owned(), own.help));
    for (usage, help) in WORDS.iter().map(|word| (word.usage(), word.help)).chain(own) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{usage}: {help}");
    }
    text + "an empty line: follow the log as it is written, or show the prompt again"
}

/// Help for one word.
///
/// # Errors
/// There is no such word; a sentence that names the nearest.
pub(super) fn help_for(asked: &str) -> Result<String, String> {
    if let Some(word) = word(asked) {
        let arguments = word.arguments.iter().map(|one| format!("\n{}: {}", one.placeholder(), one.help()));
        return Ok(format!("{}: {}{}", word.usage(), word.help, arguments.collect::<String>()));
    }
    let own = PLAIN_WORDS.iter().find(|own| name(own) == asked).ok_or_else(|| unknown(asked))?;
    Ok(format!("{}: {}", own.usage, own.help))
}

/// Says that there is no such word, and which is near.
pub(super) fn unknown(asked: &str) -> String {
    let near = nearest(asked, WORDS.iter().map(|word| word.name).chain(PLAIN_WORDS.iter().map(name)));
    let more = if near.is_empty() { ": help lists the words" } else { "" };
    format!("there is no command '{}'{near}{more}", Untrusted::new(asked))
}

/// How the word with this name is written.
pub(super) fn usage(asked: &str) -> &'static str {
    PLAIN_WORDS.iter().find(|own| name(own) == asked).map_or("help", |own| own.usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_help_and_one_that_is_mistyped_is_named() {
        for word in WORDS {
            assert!(help().contains(&word.usage()) && help_for(word.name).is_ok(), "{}", word.name);
        }
        for own in PLAIN_WORDS {
            assert!(help_for(name(own)).is_ok() && word(name(own)).is_none(), "{}", own.usage);
        }
        assert_eq!(unknown("drian"), "there is no command 'drian', did you mean 'drain'?");
        assert_eq!(help_for("xyzzy"), Err("there is no command 'xyzzy': help lists the words".to_owned()));
    }
}
