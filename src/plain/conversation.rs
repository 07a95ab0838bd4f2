//! The conversation: what a typed line means, and what is written when.

use std::sync::Arc;

use stickylb::api::{BackendId, Command, Event, RequestNumber, Snapshot};

use super::input::Typed;
use super::lines::{LogLines, Shown};
use super::reply::Reply;
use super::words::{help, help_for, unknown, usage};
use crate::screen::filter::Filter;
use crate::screen::{Leaving, Left, why_as_text};
use crate::words::{Meant, command, fairness, named, status, word};

/// What is written where a line is expected.
const PROMPT: &str = "> ";

/// What a line asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Wanted {
    /// Nothing, or nothing more.
    Nothing,
    Answer(Reply),
    Command(Command),
    Replay(RequestNumber, Option<BackendId>),
    Leave(Left),
}

/// Who is spoken with, and what is written when.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A script: log lines are written as they come, and nothing is asked.
    Script,
    /// A person at the prompt: log lines wait until a line is entered.
    Prompt,
    /// A person who follows the log: lines are written as they come.
    Following,
    /// A person who is asked whether to quit.
    Asked,
}

/// All that is known of the conversation. It reads and writes nothing itself.
pub(super) struct Conversation {
    leaving: Leaving,
    mode: Mode,
    log: LogLines,
    text: String,
    /// The prompt is due behind the text.
    prompt_due: bool,
}

impl Conversation {
    /// With a person who types at a prompt, or with a script.
    pub(super) fn new(leaving: Leaving, is_prompted: bool) -> Self {
        let mode = if is_prompted { Mode::Prompt } else { Mode::Script };
        Conversation { leaving, mode, log: LogLines::new(), text: String::new(), prompt_due: false }
    }

    fn follows(&self) -> bool {
        matches!(self.mode, Mode::Script | Mode::Following)
    }

    /// Greets a person.
    pub(super) fn begin(&mut self, snapshot: &Snapshot) {
        if self.mode != Mode::Script {
            let what = if snapshot.backends.is_empty() { "; it has no backend yet, demo starts one" } else { "" };
            let words = "help lists the words, an empty line follows the log";
            self.answer(&Reply::done(format!("{}{what}: {words}", snapshot.url())));
        }
    }

    /// Takes new events, and how many were missed.
    pub(super) fn happened(&mut self, events: impl Iterator<Item = Arc<Event>>, missed: u64) {
        self.log.add(events, missed);
        if self.follows() {
            self.text += &self.log.take();
        }
    }

    /// Answers, after the log lines that wait.
    pub(super) fn answer(&mut self, reply: &Reply) {
        self.text += &self.log.take();
        self.text += &reply.marked();
        self.prompt_due = true;
    }

    /// What is to be written now, with the prompt at its end where a line is expected.
    pub(super) fn take_text(&mut self) -> String {
        let mut text = std::mem::take(&mut self.text);
        if std::mem::take(&mut self.prompt_due) && !self.follows() {
            text += PROMPT;
        }
        text
    }

    /// The log line of an event.
    pub(super) fn in_words(&mut self, event: &Event) -> String {
        self.log.in_words(event)
    }

    /// What a line asks for.
    pub(super) fn typed(&mut self, typed: Typed, now: &Snapshot) -> Wanted {
        let line = match typed {
            Typed::Line(line) => line,
            Typed::TooLong => return Wanted::Answer(Reply::trouble("a line has at most 64 KiB: nothing was done")),
            Typed::End => return self.ended(now),
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        if self.mode == Mode::Asked {
            self.mode = Mode::Prompt;
            return self.confirmed(words.first().copied().unwrap_or_default());
        }
        let Some((name, given)) = words.split_first() else { return self.empty() };
        self.meant(name, given, &line, now).unwrap_or_else(|trouble| Wanted::Answer(Reply::trouble(trouble)))
    }

    fn meant(&mut self, name: &str, given: &[&str], line: &str, now: &Snapshot) -> Result<Wanted, String> {
        if let Some(word) = word(name) {
            return command(word, given, now, &Meant::default()).map(Wanted::Command);
        }
        let text = match (name, given) {
            ("status", []) => status(now),
            ("fairness", []) => fairness(now),
            ("why", []) => self.why(None, now)?,
            ("why", [number]) => self.why(Some(numbered(number)?), now)?,
            ("replay", [number]) => return self.replay(number, None, now),
            ("replay", [number, backend]) => return self.replay(number, Some(backend), now),
            ("log", []) => self.log_in_words().to_owned(),
            ("log", [which]) => self.choose(which)?,
            ("filter", _) => self.filter(line.trim_start().split_once(' ').map_or("", |(_, filter)| filter))?,
            ("help", []) => help(),
            ("help", [asked]) => help_for(asked)?,
            ("quit", []) => return Ok(self.quit(now)),
            ("status" | "fairness" | "why" | "replay" | "log" | "help" | "quit", _) => {
                return Err(format!("write it so: {}", usage(name)));
            }
            _ => return Err(unknown(name)),
        };
        Ok(Wanted::Answer(Reply::done(text)))
    }

    /// An empty line: between the prompt and following the log.
    fn empty(&mut self) -> Wanted {
        match self.mode {
            Mode::Script => return Wanted::Nothing,
            Mode::Following => self.mode = Mode::Prompt,
            Mode::Prompt | Mode::Asked => {
                self.mode = Mode::Following;
                return Wanted::Answer(Reply::done("following the log; an empty line shows the prompt again"));
            }
        }
        self.prompt_due = true;
        Wanted::Nothing
    }

    fn why(&self, number: Option<u64>, now: &Snapshot) -> Result<String, String> {
        self.log.request(number).map(|request| why_as_text(now, request))
    }

    fn replay(&self, number: &str, backend: Option<&str>, now: &Snapshot) -> Result<Wanted, String> {
        let to = backend.map(|name| named(now, name).map(|backend| backend.id)).transpose()?;
        let kept = self.log.request(Some(numbered(number)?))?.number;
        kept.map(|number| Wanted::Replay(number, to)).ok_or_else(|| "its head was not kept".to_owned())
    }

    fn choose(&mut self, which: &str) -> Result<String, String> {
        self.log.shown = match which {
            "on" => Shown::All,
            "errors" => Shown::Errors,
            "off" => Shown::Nothing,
            _ => return Err(format!("write it so: {}", usage("log"))),
        };
        Ok(self.log_in_words().to_owned())
    }

    fn log_in_words(&self) -> &'static str {
        match self.log.shown {
            Shown::All => "all log lines are shown",
            Shown::Errors => "log lines of failures and warnings are shown",
            Shown::Nothing => "no log lines are shown",
        }
    }

    fn filter(&mut self, text: &str) -> Result<String, String> {
        self.log.filter = Filter::parse(text).map_err(|error| error.to_string())?;
        Ok(match &self.log.filter {
            Some(filter) => format!("only log lines that match are shown: {}", filter.text()),
            None => "no filter: all log lines are shown".to_owned(),
        })
    }

    /// Leaves, or asks first if requests are in flight. A script is not asked: its next line is no answer.
    fn quit(&mut self, now: &Snapshot) -> Wanted {
        let in_flight = now.totals.in_flight + now.totals.tunnels;
        if in_flight == 0 || self.leaving == Leaving::GoesOn || self.mode == Mode::Script {
            return Wanted::Leave(Left::Quit);
        }
        self.mode = Mode::Asked;
        let what = if in_flight == 1 { "request or connection is" } else { "requests and connections are" };
        let detach = if self.leaving == Leaving::EndsOrGoesOn { ", or d to go on without a terminal" } else { "" };
        let asked = format!("{in_flight} {what} in flight. Quit when they have finished? y or n{detach}");
        Wanted::Answer(Reply::done(asked))
    }

    fn confirmed(&self, answer: &str) -> Wanted {
        match answer {
            "y" | "Y" | "yes" | "quit" => Wanted::Leave(Left::Quit),
            "d" if self.leaving == Leaving::EndsOrGoesOn => Wanted::Leave(Left::Detached),
            _ => Wanted::Answer(Reply::done("it goes on")),
        }
    }

    /// A signal ends the conversation: what is written next begins a line.
    pub(super) fn cut_off(&mut self) {
        if !self.follows() {
            self.text.push('\n');
        }
    }

    /// Ctrl-D is `quit`. At the end of a script a balancer goes on serving; one that runs elsewhere is left.
    fn ended(&mut self, now: &Snapshot) -> Wanted {
        if self.mode != Mode::Script {
            // The prompt's line has no end yet.
            self.text.push('\n');
            return if self.mode == Mode::Asked { Wanted::Leave(Left::Quit) } else { self.quit(now) };
        }
        if self.leaving == Leaving::GoesOn { Wanted::Leave(Left::Quit) } else { Wanted::Nothing }
    }
}

fn numbered(word: &str) -> Result<u64, String> {
    let digits = word.strip_prefix('#').unwrap_or(word);
    digits.parse().map_err(|_| format!("'{word}' is no number of a request, such as 17 where its line ends in #17"))
}

#[cfg(test)]
mod tests {
    use stickylb::api::{BackendView, Intent, RequestEvent};

    use super::*;

    fn now() -> Snapshot {
        let mut backend = BackendView::default();
        (backend.id, backend.name) = (1.into(), "alpha".into());
        let mut now = Snapshot::default();
        now.backends = vec![backend];
        now
    }

    fn person() -> Conversation {
        let mut person = Conversation::new(Leaving::EndsOrGoesOn, true);
        person.begin(&now());
        assert!(person.take_text().ends_with("follows the log\n> "));
        person
    }

    fn line(conversation: &mut Conversation, text: &str) -> Wanted {
        conversation.typed(Typed::Line(text.to_owned()), &now())
    }

    fn request(number: u64) -> std::iter::Once<Arc<Event>> {
        let mut request = RequestEvent::default();
        request.number = Some(number.into());
        std::iter::once(Arc::new(Event::Request(request)))
    }

    #[test]
    fn while_the_prompt_stands_log_lines_wait_and_an_empty_line_follows_them() {
        let mut person = person();
        person.happened(request(1), 0);
        assert_eq!(person.take_text(), "");
        assert_eq!(
            line(&mut person, "up alpha"),
            Wanted::Command(Command::SetIntent { id: 1.into(), intent: Intent::InService })
        );
        person.answer(&Reply::done("alpha is in service"));
        let text = person.take_text();
        assert!(text.contains(" #1\n= alpha is in service\n") && text.ends_with("\n> "), "{text}");
        assert!(matches!(line(&mut person, ""), Wanted::Answer(_)));
        person.happened(request(2), 0);
        assert!(person.take_text().ends_with(" #2\n"));
        line(&mut person, "");
        assert_eq!(person.take_text(), "> ");
    }

    #[test]
    fn quit_asks_a_person_and_no_script() {
        let mut busy = now();
        busy.totals.in_flight = 2;
        let ask = |conversation: &mut Conversation, text: &str| conversation.typed(Typed::Line(text.to_owned()), &busy);
        let mut someone = person();
        assert!(matches!(ask(&mut someone, "quit"), Wanted::Answer(_)));
        assert_eq!(ask(&mut someone, "n"), Wanted::Answer(Reply::done("it goes on")));
        ask(&mut someone, "quit");
        assert_eq!(ask(&mut someone, "d"), Wanted::Leave(Left::Detached));
        ask(&mut someone, "quit");
        assert_eq!(someone.typed(Typed::End, &busy), Wanted::Leave(Left::Quit));
        let mut script = Conversation::new(Leaving::EndsOrGoesOn, false);
        assert_eq!(script.typed(Typed::End, &busy), Wanted::Nothing);
        assert_eq!(ask(&mut script, "quit"), Wanted::Leave(Left::Quit));
        let mut attached = Conversation::new(Leaving::GoesOn, false);
        assert_eq!(attached.typed(Typed::End, &busy), Wanted::Leave(Left::Quit));
    }

    #[test]
    fn what_is_wrong_is_one_sentence() {
        let mut person = person();
        for (text, wanted) in [
            ("drian alpha", "there is no command 'drian', did you mean 'drain'?"),
            ("drain", "BACKEND is missing: drain BACKEND"),
            ("why 7", "there is no request 7 among the last 0"),
            ("why me", "'me' is no number of a request, such as 17 where its line ends in #17"),
            ("log loud", "write it so: log on|off|errors"),
            ("status all", "write it so: status"),
        ] {
            assert_eq!(line(&mut person, text), Wanted::Answer(Reply::trouble(wanted)), "{text}");
        }
        let Wanted::Answer(reply) = line(&mut person, "filter status>=x") else { panic!("an answer") };
        assert!(reply.marked().starts_with("= error: "), "{reply:?}");
    }
}
