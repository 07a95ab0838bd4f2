//! The conversation: what a typed line means, and what is written when.

use std::sync::Arc;

use stickylb::api::{BackendId, Command, CommandError, Event, RequestNumber, Snapshot, SurviveStage, WhatIfOptions};
use stickylb_convert::Engine;

use super::input::Typed;
use super::lines::{LogLines, LogShown};
use super::reply::Reply;
use super::words::{help, help_for, unknown, usage};
use crate::screen::filter::Filter;
use crate::screen::{Leaving, Left, why_as_text};
use crate::words::{Meant, command, fairness, named, status, what_if_options, word};

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
    /// A file for another engine.
    ExportConfig(Engine),
    /// The last report of `survive`.
    Survived,
    /// What each strategy would have done, and whether there are several pools.
    WhatIf(WhatIfOptions, bool),
    /// To leave, unless something is in flight: [`Conversation::quit_with`] is told how much.
    Quit,
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
    /// Nothing can be changed.
    only_watches: bool,
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
        let log = LogLines::new();
        Conversation { leaving, only_watches: false, mode, log, text: String::new(), prompt_due: false }
    }

    /// Whether the engine is one that only lets itself be watched, which is said at the beginning.
    pub(super) fn only_watching(self, only_watches: bool) -> Self {
        Conversation { only_watches, ..self }
    }

    fn follows(&self) -> bool {
        matches!(self.mode, Mode::Script | Mode::Following)
    }

    /// Greets a person.
    pub(super) fn begin(&mut self, snapshot: &Snapshot) {
        if self.mode != Mode::Script {
            let what = match (self.only_watches, snapshot.backends.is_empty()) {
                (true, _) => ", watching",
                (false, true) => "; it has no backend yet, demo starts one",
                (false, false) => "",
            };
            let words = "help lists the words, an empty line follows the log";
            let reports = self.leaving == Leaving::Reports;
            let report = if reports { ", survive report or quit ends the watch and reports" } else { "" };
            self.answer(&Reply::done(format!("{}{what}: {words}{report}", snapshot.url())));
        }
    }

    /// Takes new events, and how many were missed.
    pub(super) fn happened(&mut self, events: impl Iterator<Item = Arc<Event>>, missed: u64) {
        self.log.add(events, missed);
        if self.follows() {
            self.text += &self.log.take();
        }
    }

    /// Takes a report that has just come.
    pub(super) fn reported(&mut self, report: &Reply) {
        self.log.report(report);
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
            Typed::End => return self.ended(),
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
            let ended = now.survive.as_ref().is_some_and(|view| view.stage == SurviveStage::Ended);
            return command(word, given, now, &Meant::default()).map(|command| match command {
                Command::SurviveReport if ended => Wanted::Survived,
                other => Wanted::Command(other),
            });
        }
        let text = match (name, given) {
            ("status", []) => status(now),
            ("fairness", []) => fairness(now),
            ("whatif", _) => {
                return Ok(Wanted::WhatIf(what_if_options(given, now, None)?, now.pools.len() > 1));
            }
            ("why", []) => self.why(None, now)?,
            ("why", [number]) => self.why(Some(numbered(number)?), now)?,
            ("replay", [number]) => return self.replay(number, None, now),
            ("replay", [number, backend]) => return self.replay(number, Some(backend), now),
            ("export-config", [_]) if self.only_watches => return Err(CommandError::OnlyWatches.to_string()),
            ("export-config", [engine]) => return engine.parse().map(Wanted::ExportConfig),
            ("log", []) => self.log_in_words().to_owned(),
            ("log", [which]) => self.choose(which)?,
            ("filter", _) => self.filter(line.trim_start().strip_prefix(name).unwrap_or_default().trim())?,
            ("help", []) => help(),
            ("help", [asked]) => help_for(asked)?,
            ("quit", []) => return Ok(self.quit()),
            ("status" | "fairness" | "why" | "replay" | "export-config" | "log" | "help" | "quit", _) => {
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
            "on" => LogShown::All,
            "errors" => LogShown::Errors,
            "off" => LogShown::Nothing,
            _ => return Err(format!("write it so: {}", usage("log"))),
        };
        Ok(self.log_in_words().to_owned())
    }

    fn log_in_words(&self) -> &'static str {
        match self.log.shown {
            LogShown::All => "all log lines are shown",
            LogShown::Errors => "log lines of failures and warnings are shown",
            LogShown::Nothing => "no log lines are shown",
        }
    }

    fn filter(&mut self, text: &str) -> Result<String, String> {
        self.log.filter = Filter::parse(text).map_err(|error| error.to_string())?;
        Ok(match &self.log.filter {
            Some(filter) if self.log.shown == LogShown::All => {
                format!("only log lines that match are shown: {}", filter.text())
            }
            Some(filter) => format!("filter {}; {}", filter.text(), self.log_in_words()),
            None => format!("no filter; {}", self.log_in_words()),
        })
    }

    /// Leaves, or asks first if requests are in flight. A script is not asked: its next line is no answer.
    fn quit(&self) -> Wanted {
        let at_once = matches!(self.leaving, Leaving::GoesOn | Leaving::Reports) || self.mode == Mode::Script;
        if at_once { Wanted::Leave(Left::Quit) } else { Wanted::Quit }
    }

    /// The question to a person who wants to quit while so many requests and tunnels are in flight; `None` if nothing is.
    pub(super) fn quit_with(&mut self, in_flight: u64) -> Option<Reply> {
        if in_flight == 0 {
            return None;
        }
        self.mode = Mode::Asked;
        let what = if in_flight == 1 { "request or connection is" } else { "requests and connections are" };
        let detach = if self.leaving == Leaving::EndsOrGoesOn { ", or d to go on without a terminal" } else { "" };
        let asked = format!("{in_flight} {what} in flight. Quit when they have finished? y or n{detach}");
        Some(Reply::done(asked))
    }

    fn confirmed(&self, answer: &str) -> Wanted {
        match answer {
            "y" | "Y" | "yes" | "quit" => Wanted::Leave(Left::Quit),
            "d" if self.leaving == Leaving::EndsOrGoesOn => Wanted::Leave(Left::Detached),
            _ => Wanted::Answer(Reply::done("it goes on")),
        }
    }

    /// The conversation is over: the log lines that still wait are its last words.
    pub(super) fn leave(&mut self) {
        self.text += &self.log.take();
    }

    /// A signal or Ctrl-D comes while the prompt may stand: what is written next begins a line.
    pub(super) fn cut_off(&mut self) {
        if !self.follows() {
            self.text.push('\n');
        }
    }

    /// Ctrl-D is `quit`. At the end of a script a balancer goes on serving; one that runs elsewhere is left.
    fn ended(&mut self) -> Wanted {
        self.cut_off();
        match self.mode {
            Mode::Script if self.leaving != Leaving::GoesOn => Wanted::Nothing,
            Mode::Script | Mode::Asked => Wanted::Leave(Left::Quit),
            Mode::Prompt | Mode::Following => self.quit(),
        }
    }
}

fn numbered(word: &str) -> Result<u64, String> {
    let digits = word.strip_prefix('#').unwrap_or(word);
    digits.parse().map_err(|_| format!("'{word}' is no number of a request, such as 17 where its line ends in #17"))
}

#[cfg(test)]
mod tests;
