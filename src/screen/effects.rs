//! Carries out effects: the only place where the screen does anything but draw.

use stickylb::api::EngineHandle;
use tokio::sync::mpsc;

use super::draft::Draft;
use super::export;
use super::keeping::Keeper;
use super::message::{Effect, Message};
use super::state::State;
use super::terminal::Terminal;
use crate::screen::update::update;

/// How the screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// By the user.
    Quit,
    /// By the user, who lets the engine run on.
    Detached,
    /// By a signal, or because the terminal is gone.
    Ended,
}

/// What the event loop does next.
#[derive(PartialEq)]
pub(crate) enum Loop {
    GoOn,
    /// Stop the job; enter the terminal again when it is continued.
    Suspend,
    /// Give the terminal to the user's editor with this request.
    Edit(Box<Draft>),
    /// Another job may own the terminal: enter it again when this job is in the foreground.
    LeaveTerminal,
    Leave(Left),
}

/// Applies a message to the state and carries out its effects. Results that come later are sent to `tell`.
pub(crate) fn apply(
    engine: &impl EngineHandle,
    terminal: &mut Terminal,
    state: &mut State,
    message: Message,
    keeper: &mut Keeper,
    tell: &mpsc::UnboundedSender<Message>,
) -> Loop {
    let mut next = Loop::GoOn;
    for effect in update(state, message) {
        match effect {
            Effect::Command(command) => {
                let (done, tell) = (engine.command(command.clone()), tell.clone());
                tokio::spawn(async move {
                    // The screen may be gone before the command is done.
                    let _ = tell.send(Message::Done(command, done.await));
                });
            }
            Effect::Copy(text, note) => match terminal.copy(&text) {
                Ok(1) => state.say(format!("copied 1 character{note}")),
                Ok(count) => state.say(format!("copied {count} characters{note}")),
                Err(error) => state.complain(error.to_string()),
            },
            Effect::AskInFlight => {
                let (in_flight, tell) = (engine.in_flight(), tell.clone());
                tokio::spawn(async move {
                    // The screen may be gone before the result arrives, here and below.
                    let _ = tell.send(Message::InFlight(in_flight.await));
                });
            }
            Effect::Heads(number) => {
                let (heads, tell) = (engine.heads(number), tell.clone());
                tokio::spawn(async move {
                    let _ = tell.send(Message::Heads(number, heads.await));
                });
            }
            Effect::SurviveReport => {
                let (report, tell) = (engine.survive_report(), tell.clone());
                tokio::spawn(async move {
                    let _ = tell.send(Message::Survived(report.await));
                });
            }
            Effect::WhatIf(options) => {
                let (told, tell) = (engine.what_if(options.clone()), tell.clone());
                tokio::spawn(async move {
                    let _ = tell.send(Message::WhatIf(options, told.await));
                });
            }
            Effect::Replay(replay, draft) => {
                let (replayed, tell) = (engine.replay(replay), tell.clone());
                tokio::spawn(async move {
                    let _ = tell.send(Message::Replayed(replayed.await, draft));
                });
            }
            // A write error shows up again when the next frame is drawn.
            Effect::Mouse(on) => drop(terminal.mouse(on)),
            Effect::Export(what) => {
                let (done, tell) = (export::export(engine, state, what), tell.clone());
                tokio::spawn(async move {
                    let _ = tell.send(Message::Exported(done.await));
                });
            }
            Effect::ExportConfig(target) => {
                let (written, tell) = (export::write_configuration(engine, target), tell.clone());
                tokio::spawn(async move {
                    let _ = tell.send(Message::Exported(written.await.map(|written| written.sentence)));
                });
            }
            Effect::Keep => keeper.keep(state.arrangement()),
            Effect::LessonPassed(number) => keeper.passed(number),
            Effect::Notify(how, text) => terminal.notify(how, &text),
            Effect::Edit(draft) => next = Loop::Edit(draft),
            Effect::Suspend => next = Loop::Suspend,
            Effect::Detach => next = Loop::Leave(Left::Detached),
            Effect::Quit => next = Loop::Leave(Left::Quit),
        }
    }
    next
}
