//! The engine without a screen but with a prompt (`--plain`): commands in, answers and log lines out, for slow terminals,
//! screen readers and scripts.
//!
//! Output is lines and nothing else: no escape sequence, no line that is written again. The terminal stays in its cooked
//! mode, whose line editing is all there is. A line that is being typed is not torn: while the prompt stands, log lines
//! wait until the line is entered.

mod conversation;
mod input;
mod lines;
mod reply;
mod words;

use std::io;
use std::time::{Duration, Instant};

use stickylb::api::{
    CommandError, Done, EngineHandle, Event, News, Replayed, Snapshot, SurviveReport, SurviveStage, ToReplay,
};
use stickylb::untrusted::Untrusted;
use stickylb_convert::Engine;

use crate::screen::{Leaving, Left, Orders, WrittenConfiguration, write_configuration};
use crate::survive_report;
use crate::words::{answer, what_if};
use crate::writable;
use conversation::{Conversation, Wanted};
use input::Input;
use reply::Reply;

/// Pause between two batches of log lines.
const BATCH: Duration = Duration::from_millis(33);

/// Talks until the user or a signal ends it. Writes block, so it has a thread of its own.
///
/// # Errors
/// Standard input cannot be read by a thread, or standard output not be written. A terminal or a reader that is gone is no
/// error: [`Left::Ended`].
pub(crate) fn run(engine: &mut impl EngineHandle, leaving: Leaving, orders: Orders) -> io::Result<Left> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let talk = async {
        let (input, is_prompted) = Input::open()?;
        let conversation = Conversation::new(leaving, is_prompted).only_watching(engine.only_watches());
        Talk { conversation, input, orders, out: writable::stdout()?, events: Vec::new(), stage: None }
            .run(engine)
            .await
    };
    let left = runtime.block_on(talk);
    left.or_else(|error| if is_gone(&error) { Ok(Left::Ended) } else { Err(error) })
}

/// Whether the terminal, or the reader of a pipe, is gone.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe || crate::screen::is_gone(error)
}

struct Talk<O> {
    conversation: Conversation,
    input: Input,
    orders: Orders,
    out: O,
    events: Vec<std::sync::Arc<Event>>,
    /// The stage of `survive` when last looked at.
    stage: Option<SurviveStage>,
}

impl<O: writable::Output> Talk<O> {
    async fn run(&mut self, engine: &mut impl EngineHandle) -> io::Result<Left> {
        self.take(engine);
        self.conversation.begin(&engine.snapshot());
        self.write()?;
        // When to take the events that have come.
        let mut due: Option<Instant> = None;
        loop {
            tokio::select! {
                typed = self.input.next() => {
                    self.take(engine);
                    due = None;
                    let wanted = self.conversation.typed(typed, &engine.snapshot());
                    if let Some(left) = self.carry_out(engine, wanted).await? {
                        self.conversation.leave();
                        self.write()?;
                        return Ok(left);
                    }
                }
                news = engine.news(due.is_none()) => match news {
                    News::Events => due = Some(Instant::now() + BATCH),
                    News::Figures => {
                        if self.has_reported(&engine.snapshot()) {
                            let Some(report) = self.unless_told_to_leave(engine.survive_report()).await else {
                                return Ok(Left::Ended);
                            };
                            self.conversation.reported(&report_in_words(report));
                            self.write()?;
                        }
                    }
                    News::Ended(why) => {
                        self.take(engine);
                        self.conversation.answer(&Reply::done(why.to_string()));
                        self.write()?;
                        return Ok(Left::Ended);
                    }
                },
                () = until(due), if due.is_some() => {
                    self.take(engine);
                    due = None;
                    self.write()?;
                }
                () = self.orders.leave() => {
                    self.conversation.cut_off();
                    self.write()?;
                    return Ok(Left::Ended);
                }
            }
        }
    }

    /// Does what a line asks for, and answers.
    async fn carry_out(&mut self, engine: &mut impl EngineHandle, wanted: Wanted) -> io::Result<Option<Left>> {
        let reply = match wanted {
            Wanted::Nothing => None,
            Wanted::Leave(left) => return Ok(Some(left)),
            Wanted::Answer(reply) => Some(reply),
            Wanted::Quit => {
                let Some(in_flight) = self.unless_told_to_leave(engine.in_flight()).await else {
                    return Ok(Some(Left::Ended));
                };
                // An engine that cannot be asked cannot be waited for either.
                let Some(question) = self.conversation.quit_with(in_flight.unwrap_or(0)) else {
                    return Ok(Some(Left::Quit));
                };
                Some(question)
            }
            Wanted::Command(command) => {
                let Some(done) = self.unless_told_to_leave(engine.command(command)).await else {
                    return Ok(Some(Left::Ended));
                };
                Some(done_in_words(done))
            }
            Wanted::Survived => {
                let Some(report) = self.unless_told_to_leave(engine.survive_report()).await else {
                    return Ok(Some(Left::Ended));
                };
                Some(report_in_words(report))
            }
            Wanted::WhatIf(options, several) => {
                let Some(told) = self.unless_told_to_leave(engine.what_if(options)).await else {
                    return Ok(Some(Left::Ended));
                };
                Some(match told {
                    Ok(told) => Reply::done(what_if(&told, several)),
                    Err(why) => Reply::trouble(why.to_string()),
                })
            }
            Wanted::ExportConfig(target) => {
                let Some(written) = self.unless_told_to_leave(write_configuration(engine, target)).await else {
                    return Ok(Some(Left::Ended));
                };
                Some(written_in_words(written, target))
            }
            Wanted::Replay(number, to) => {
                let Some(replayed) = self.unless_told_to_leave(engine.replay(ToReplay::new(number, to))).await else {
                    return Ok(Some(Left::Ended));
                };
                Some(self.replayed_in_words(replayed))
            }
        };
        // What the command changed is told before its answer.
        self.take(engine);
        if let Some(reply) = reply {
            self.conversation.answer(&reply);
        }
        self.write()?;
        Ok(None)
    }

    async fn unless_told_to_leave<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.orders.leave() => None,
        }
    }

    /// Whether `survive` has come to its end since this was asked last.
    fn has_reported(&mut self, now: &Snapshot) -> bool {
        let now = now.survive.as_ref().map(|view| view.stage);
        let before = std::mem::replace(&mut self.stage, now);
        now == Some(SurviveStage::Ended) && before.is_some_and(|before| before != SurviveStage::Ended)
    }

    fn replayed_in_words(&mut self, replayed: Result<Box<Replayed>, Untrusted<String>>) -> Reply {
        match replayed {
            Ok(replayed) => Reply::done(self.conversation.in_words(&replayed.event)),
            Err(why) => Reply::trouble(why.to_string()),
        }
    }

    fn take(&mut self, engine: &mut impl EngineHandle) {
        let missed = engine.take(&mut self.events);
        self.conversation.happened(self.events.drain(..), missed);
    }

    /// Writes what there is to say. It may take for ever, and holds up nothing but this thread.
    fn write(&mut self) -> io::Result<()> {
        let text = self.conversation.take_text();
        writable::write_all(&mut self.out, text.as_bytes()).map_err(|cut| cut.error)
    }
}

async fn until(due: Option<Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due.into()).await;
    }
}

fn report_in_words(report: Result<Option<Box<SurviveReport>>, Untrusted<String>>) -> Reply {
    match report {
        Ok(Some(report)) => Reply::done(survive_report::text(&report, None)),
        Ok(None) => Reply::trouble("there is no report: survive begins"),
        Err(why) => Reply::trouble(why.to_string()),
    }
}

fn written_in_words(written: Result<WrittenConfiguration, String>, target: Engine) -> Reply {
    match written {
        Ok(written) => {
            let cannot = written.cannot.iter().map(|one| format!("\n{} cannot: {one}", target.name()));
            Reply::done(written.sentence + &cannot.collect::<String>())
        }
        Err(why) => Reply::trouble(why),
    }
}

fn done_in_words(done: Result<Done, CommandError>) -> Reply {
    match done {
        Ok(done) => Reply::done(answer(&done, "undo")),
        Err(error) => Reply::trouble(error.to_string()),
    }
}
