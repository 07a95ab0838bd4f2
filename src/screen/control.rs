//! Commands to the engine.

use stickylb::api::{
    BackendView, Command, Done, Intent, MAX_WEIGHT, PoolView, Snapshot, Spawned, Strategy, TrafficView,
};

use super::hidden_faults;
use super::message::Effect;
use super::state::{Dialog, Question, State};
use super::survive;
use super::watching;
use crate::screen::action::{ACTIONS, Action};
use crate::words::{self, Meant, Word, word};

/// The effects of an action, or a sentence that says why it was not done.
pub(crate) type Outcome = Result<Vec<Effect>, String>;

/// Carries out a word of the command language. A backend that is left out is the selected one.
pub(crate) fn typed(state: &mut State, word: &Word, given: &[&str]) -> Outcome {
    let pool = pool(state).ok().map(|pool| pool.name.raw().to_owned());
    let meant = Meant { backend: Some(backend(state).map(|backend| backend.id)), pool };
    match words::command(word, given, state.live(), &meant)? {
        // The report may be there already, and is only looked at.
        wanted if state.rights.only_watches() && wanted != Command::SurviveReport => Err(watching::refusal()),
        Command::Undo | Command::SetChaos { .. } | Command::ChaosOff { .. } if hidden_faults::are_hidden(state) => {
            Err(hidden_faults::REFUSAL.to_owned())
        }
        Command::Kill { id } => {
            let found = state.live().backends.iter().find(|backend| backend.id == id).cloned();
            found.map_or_else(|| Ok(Vec::new()), |backend| ask_to_kill(state, &backend))
        }
        wanted @ (Command::Survive(_) | Command::SurviveReport) => Ok(survive::command(state, wanted)),
        wanted => Ok(command(state, wanted)),
    }
}

/// Carries out a word whose key is the user's own.
pub(crate) fn word_of(state: &mut State, action: Action) -> Outcome {
    let entry = ACTIONS.iter().find(|entry| entry.action == action);
    entry.and_then(|entry| word(entry.name())).map_or_else(|| Ok(Vec::new()), |word| typed(state, word, &[]))
}

/// Carries out a key's action on the selected backend.
pub(crate) fn on_backend(state: &mut State, action: Action) -> Outcome {
    let BackendView { id, weight, intent, .. } = *backend(state)?;
    let toggled = |to: Intent| Command::SetIntent { id, intent: if intent == to { Intent::InService } else { to } };
    let wanted = match action {
        Action::ToggleMaintenance => toggled(Intent::Maint),
        Action::Drain => toggled(Intent::Drain),
        Action::WeightUp => Command::SetWeight { id, weight: (weight + 1).min(MAX_WEIGHT) },
        Action::WeightDown => Command::SetWeight { id, weight: weight.saturating_sub(1) },
        _ => Command::CheckNow { id },
    };
    Ok(command(state, wanted))
}

/// Takes the next strategy.
pub(crate) fn next_strategy(state: &mut State) -> Outcome {
    let pool = pool(state)?;
    let wanted = Command::SetStrategy { pool: Some(pool.name.raw().to_owned()), strategy: pool.strategy.next() };
    Ok(command(state, wanted))
}

/// Takes the next of the modes that the pool can stick by.
pub(crate) fn next_sticky(state: &mut State) -> Outcome {
    let pool = pool(state)?;
    let modes = &pool.sticky_modes;
    let at = modes.iter().position(|by| *by == pool.sticky);
    let by = modes.get(at.map_or(0, |at| (at + 1) % modes.len())).cloned().unwrap_or_default();
    let wanted = Command::SetSticky { pool: Some(pool.name.raw().to_owned()), by };
    Ok(command(state, wanted))
}

/// Says which alerts are watched.
pub(crate) fn alerts(state: &mut State) {
    let all: Vec<String> = state.live().alerts.iter().map(|alert| alert.when.to_string()).collect();
    state.say(if all.is_empty() { "no alert is watched".to_owned() } else { format!("watched: {}", all.join(" · ")) });
}

/// Says whether bodies are kept.
pub(crate) fn bodies(state: &mut State) {
    state.say(if state.live().keeps_bodies { "bodies are kept" } else { "bodies are not kept" });
}

/// Has this pool choose by the strategy with this index among all.
pub(crate) fn use_strategy(state: &mut State, pool: Option<String>, index: usize) -> Vec<Effect> {
    let strategy = Strategy::ALL.get(index).copied().unwrap_or_default();
    command(state, Command::SetStrategy { pool, strategy })
}

/// The selected backend's pool, or the first pool.
pub(crate) fn pool(state: &State) -> Result<&PoolView, String> {
    let live = state.live();
    let selected = live.backends.iter().find(|b| Some(b.id) == state.selected);
    selected
        .and_then(|backend| live.pool(backend.pool.raw()))
        .or_else(|| live.pools.first())
        .ok_or_else(|| "there is no pool yet".to_owned())
}

/// Starts a new demo backend, or restarts the selected backend if it was started here and its process ended.
pub(crate) fn spawn(state: &State) -> Vec<Effect> {
    let ended = backend(state).ok().filter(|_| starts_again(state)).map(|backend| backend.id);
    vec![Effect::Command(ended.map_or(Command::SpawnDemo, |id| Command::Restart { id }))]
}

/// Whether the selected backend was started here and its process has ended.
pub(crate) fn starts_again(state: &State) -> bool {
    backend(state).is_ok_and(|backend| matches!(backend.spawned, Some(Spawned { pid: None, .. })))
}

/// Asks whether to kill the selected backend's process.
pub(crate) fn kill(state: &mut State) -> Outcome {
    let backend = backend(state)?.clone();
    ask_to_kill(state, &backend)
}

fn ask_to_kill(state: &mut State, backend: &BackendView) -> Outcome {
    let (id, name) = (backend.id, backend.name.to_string());
    match backend.spawned {
        Some(Spawned { pid: Some(_), .. }) => state.dialog = Some(Dialog::Ask(Question::Kill { id, name })),
        Some(Spawned { pid: None, .. }) => {
            return Err(format!("{name} is not running: press {} to start it again", state.key(Action::SpawnDemo)));
        }
        None => {
            let out = state.key(Action::ToggleMaintenance);
            return Err(format!("{name} was not started here: press {out} to take it out instead"));
        }
    }
    Ok(Vec::new())
}

/// The selected backend.
pub(crate) fn backend(state: &State) -> Result<&BackendView, String> {
    let backends = &state.live().backends;
    backends.iter().find(|b| Some(b.id) == state.selected).ok_or_else(|| match backends.as_slice() {
        [] => format!("there is no backend yet: press {} to start a demo backend", state.key(Action::SpawnDemo)),
        _ => format!("no backend is selected: none matches the filter, {} changes it", state.key(Action::Filter)),
    })
}

/// Sends a command, and applies it to the snapshot at once, so that a key pressed before the next snapshot starts from
/// the new value. The next snapshot has the real value.
pub(crate) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    if state.rights.only_watches() {
        // It is held back on its way, and nothing comes of it that could be shown before.
        return vec![Effect::Command(command)];
    }
    foresee(state.live_mut(), &command);
    if state.frozen.is_some() {
        let live = state.key(Action::Freeze);
        state.say(format!("done; the display still stands at an earlier moment: {live} shows live again"));
    }
    vec![Effect::Command(command)]
}

/// Says what a command did, unless the screen showed it at once.
pub(crate) fn done(state: &mut State, command: &Command, done: &Done) {
    if *command == (Command::KeepBodies { on: false }) {
        state.inspected.forget_bodies();
    }
    if !is_foreseen(command) {
        let undo = state.key(Action::Undo);
        state.say(words::answer(done, &undo));
    }
}

/// Whether [`foresee`] shows what the command does.
fn is_foreseen(command: &Command) -> bool {
    use Command::{SetIntent, SetSticky, SetStrategy, SetWeight};
    matches!(command, SetIntent { .. } | SetWeight { .. } | SetStrategy { .. } | SetSticky { .. })
}

/// Applies a command's expected result to a snapshot.
fn foresee(snapshot: &mut Snapshot, command: &Command) {
    let meant = |name: &Option<String>, pool: &PoolView| name.as_ref().is_none_or(|name| pool.name == *name);
    match *command {
        Command::SetIntent { id, intent } => {
            snapshot.backends.iter_mut().filter(|b| b.id == id).for_each(|b| b.intent = intent);
        }
        Command::SetWeight { id, weight } => {
            snapshot.backends.iter_mut().filter(|b| b.id == id).for_each(|b| b.weight = weight);
        }
        Command::SetStrategy { ref pool, strategy } => {
            snapshot.pools.iter_mut().filter(|p| meant(pool, p)).for_each(|p| p.strategy = strategy);
        }
        Command::SetSticky { ref pool, ref by } => {
            snapshot.pools.iter_mut().filter(|p| meant(pool, p)).for_each(|p| p.sticky = by.clone());
        }
        Command::KeepBodies { on } => snapshot.keeps_bodies = on,
        Command::Traffic(ref options) => match &mut snapshot.traffic {
            Some(view) if view.on => view.options.clone_from(options),
            view => *view = Some(TrafficView::new(options.clone())),
        },
        Command::TrafficOff => snapshot.traffic.iter_mut().for_each(|view| view.on = false),
        // The result of other commands is not known in advance.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use stickylb::api::BackendId;

    use super::*;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::message::Message;
    use crate::screen::message::Said;
    use crate::screen::rights::Rights;
    use crate::screen::theme::{Colors, Theme};
    use crate::screen::update;

    fn state() -> State {
        let mut state = State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark });
        let backend = |id, name: &str| {
            let mut backend = BackendView::default();
            (backend.id, backend.name, backend.weight) = (BackendId::new(id), name.into(), 1);
            backend
        };
        let mut snapshot = Snapshot::default();
        snapshot.pools = vec![PoolView::default()];
        snapshot.backends = vec![backend(1, "alpha"), backend(7, "bravo")];
        state.refresh(snapshot);
        state
    }

    /// Presses keys one after another; returns the resulting commands.
    fn press(state: &mut State, keys: &str) -> Vec<Command> {
        let mut commands = Vec::new();
        for key in keys.chars() {
            let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
            let effects = update(state, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
            commands.extend(effects.into_iter().filter_map(|effect| match effect {
                Effect::Command(command) => Some(command),
                _ => None,
            }));
        }
        commands
    }

    fn said(state: &State) -> String {
        match &state.said {
            Some(Said::Done(text) | Said::Trouble(text)) => text.clone(),
            None => String::new(),
        }
    }

    #[test]
    fn what_the_screen_does_not_show_at_once_is_said() {
        let mut state = state();
        assert_eq!(press(&mut state, "u"), [Command::Undo]);
        let mut undone = Done::new("undone: alpha is taken out again");
        undone.more = Some(3);
        update(&mut state, Message::Done(Command::Undo, Ok(undone)));
        assert_eq!(said(&state), "undone: alpha is taken out again (u again: 3 more)");
        let commands = press(&mut state, "+");
        update(&mut state, Message::Done(commands[0].clone(), Ok(Done::new("alpha has the weight 2"))));
        assert_eq!(said(&state), "");
    }

    #[test]
    fn on_a_screen_that_only_watches_no_key_and_no_word_becomes_a_command_or_shows_what_is_not() {
        let mut state = state();
        state.rights = Rights::OnlyWatches;
        let before = state.snapshot.clone();
        for keys in
            [" ", "d", "+", "s", "t", "a", "A", "u", "L", "=", "X", "R", "E", ":strategy random\n", ":weight 3\n"]
        {
            assert!(press(&mut state, keys).is_empty(), "{keys}");
            let said = match state.dialog.take() {
                Some(Dialog::Palette(palette)) => palette.trouble.unwrap_or_default(),
                other => format!("{}{}", said(&state), other.map(|dialog| format!("{dialog:?}")).unwrap_or_default()),
            };
            assert_eq!(said, "this screen only watches", "{keys}");
        }
        // Whatever else leads to a command, such as a dialog, is held back as well.
        let mut effects = command(&mut state, Command::Baseline);
        watching::hold_back(&mut state, &mut effects);
        assert!(effects.is_empty() && state.snapshot == before);
    }

    #[test]
    fn a_key_turns_a_state_on_and_off_and_a_word_sets_it() {
        let mut state = state();
        let intent = |intent| [Command::SetIntent { id: 1.into(), intent }];
        assert_eq!(press(&mut state, "d"), intent(Intent::Drain));
        assert_eq!(press(&mut state, "d"), intent(Intent::InService));
        for _ in 0..2 {
            assert_eq!(press(&mut state, ":drain alpha\n"), intent(Intent::Drain));
            assert_eq!(press(&mut state, ":maint alpha\n"), intent(Intent::Maint));
        }
    }

    #[test]
    fn a_command_without_a_backend_does_nothing_to_those_that_the_filter_hides() {
        let mut state = state();
        press(&mut state, "/backend:zzz\n");
        for line in [":restart\n", ":weight 3\n", ":maint\n"] {
            assert!(press(&mut state, line).is_empty(), "{line}");
            let Some(Dialog::Palette(palette)) = state.dialog.take() else { panic!("{line}") };
            let why = "no backend is selected: none matches the filter, / changes it";
            assert_eq!(palette.trouble.as_deref(), Some(why), "{line}");
        }
        assert_eq!(press(&mut state, ":restart bravo\n"), [Command::Restart { id: 7.into() }]);
    }

    #[test]
    fn commands_take_a_backend_by_name_or_number_and_say_what_is_wrong() {
        let mut state = state();
        let weight = |id, weight| Command::SetWeight { id: BackendId::new(id), weight };
        assert_eq!(press(&mut state, ":weight bravo 3\n"), [weight(7, 3)]);
        assert_eq!(press(&mut state, ":weight 7 4\n"), [weight(7, 4)]);
        assert_eq!(press(&mut state, ":weight 5\n"), [weight(1, 5)]);
        for (line, trouble) in [
            (":weight bravo 1001\n", "'1001' is no weight: it is a whole number from 0 to 1000"),
            (":weight nobody 3\n", "there is no backend 'nobody': there is alpha (1), bravo (7)"),
            (":strategy best\n", "Unknown strategy 'best'. Valid options: "),
        ] {
            assert!(press(&mut state, line).is_empty());
            match state.dialog.take() {
                Some(Dialog::Palette(palette)) => {
                    assert!(
                        palette.trouble.as_deref().is_some_and(|t| t.starts_with(trouble)),
                        "{:?}",
                        palette.trouble
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
