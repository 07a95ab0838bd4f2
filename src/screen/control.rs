//! Commands to the engine, and undo.

use stickylb::api::{BackendId, BackendView, Command, Intent, PoolView, Snapshot, Spawned, StickyBy, Strategy};
use stickylb::config::{AlertRule, MAX_WEIGHT};

use super::message::Effect;
use super::state::{Dialog, Question, State};
use crate::screen::action::Action;

/// Undo steps kept.
const STEPS: usize = 100;

/// The effects of an action, or a sentence that says why it was not done.
pub(crate) type Outcome = Result<Vec<Effect>, String>;

/// Carries out an action on the named backend, or on the selected one.
pub(crate) fn on_backend(state: &mut State, action: Action, words: &[&str]) -> Outcome {
    let BackendView { id, weight, intent, .. } = *backend(state, words.first().copied())?;
    let toggled = |to: Intent| Command::SetIntent { id, intent: if intent == to { Intent::InService } else { to } };
    let wanted = match action {
        Action::ToggleMaintenance => toggled(Intent::Maint),
        Action::Drain => toggled(Intent::Drain),
        Action::InService => Command::SetIntent { id, intent: Intent::InService },
        Action::WeightUp => Command::SetWeight { id, weight: (weight + 1).min(MAX_WEIGHT) },
        Action::WeightDown => Command::SetWeight { id, weight: weight.saturating_sub(1) },
        _ => Command::CheckNow { id },
    };
    Ok(command(state, wanted))
}

/// `weight 3` applies to the selected backend, `weight alpha 3` to the named one.
pub(crate) fn weight(state: &mut State, words: &[&str]) -> Outcome {
    let (name, number) = match words {
        [number] => (None, number),
        [name, number, ..] => (Some(*name), number),
        [] => return Err("say which weight, as in: weight alpha 3".to_owned()),
    };
    let id = backend(state, name)?.id;
    let weight = number.parse().ok().filter(|weight| *weight <= MAX_WEIGHT);
    let weight =
        weight.ok_or_else(|| format!("'{number}' is no weight: it is a whole number from 0 to {MAX_WEIGHT}"))?;
    Ok(command(state, Command::SetWeight { id, weight }))
}

pub(crate) fn strategy(state: &mut State, words: &[&str]) -> Outcome {
    let pool = pool(state)?;
    let strategy = match words.first() {
        Some(name) => name.parse::<Strategy>()?,
        None => pool.strategy.next(),
    };
    let pool = Some(pool.name.clone().into_raw());
    Ok(command(state, Command::SetStrategy { pool, strategy }))
}

pub(crate) fn sticky(state: &mut State, words: &[&str]) -> Outcome {
    let pool = pool(state)?;
    let by = if let Some(name) = words.first() {
        name.parse::<StickyBy>()?
    } else {
        let modes = &pool.sticky_modes;
        let at = modes.iter().position(|by| *by == pool.sticky);
        modes.get(at.map_or(0, |at| (at + 1) % modes.len())).cloned().unwrap_or_default()
    };
    let pool = Some(pool.name.clone().into_raw());
    Ok(command(state, Command::SetSticky { pool, by }))
}

/// `alert p95>500ms for=10s` watches it, `alert off` no longer; without words it says what is watched.
pub(crate) fn alert(state: &mut State, words: &[&str]) -> Outcome {
    let when = match words {
        [] => {
            let all: Vec<String> = state.live().alerts.iter().map(|alert| alert.when.to_string()).collect();
            state.say(if all.is_empty() {
                "no alert is watched".to_owned()
            } else {
                format!("watched: {}", all.join(" · "))
            });
            return Ok(Vec::new());
        }
        ["off"] => None,
        words => Some(words.join(" ")),
    };
    if let Some(rule) = when.as_deref().map(str::parse::<AlertRule>) {
        rule.map_err(|error| error.message)?;
    }
    Ok(vec![Effect::Command(Command::SetAlert { when })])
}

/// The selected backend's pool, or the first pool.
fn pool(state: &State) -> Result<&PoolView, String> {
    let live = state.live();
    let selected = live.backends.iter().find(|b| Some(b.id) == state.selected);
    selected
        .and_then(|backend| live.pool(backend.pool.raw()))
        .or_else(|| live.pools.first())
        .ok_or_else(|| "there is no pool yet".to_owned())
}

/// Starts a new demo backend, or restarts the selected backend if it was started here and its process ended.
pub(crate) fn spawn(state: &State) -> Vec<Effect> {
    let command = match backend(state, None) {
        Ok(BackendView { id, spawned: Some(Spawned { pid: None, .. }), .. }) => Command::Restart { id: *id },
        _ => Command::SpawnDemo,
    };
    vec![Effect::Command(command)]
}

pub(crate) fn ask_to_kill(state: &mut State, words: &[&str]) -> Outcome {
    let backend = backend(state, words.first().copied())?;
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

/// The backend with that name (`alpha` or `pool/alpha`) or id; without a word, the selected one.
pub(crate) fn backend<'s>(state: &'s State, word: Option<&str>) -> Result<&'s BackendView, String> {
    let backends = &state.live().backends;
    let Some(word) = word else {
        let none =
            || format!("there is no backend yet: press {} to start a demo backend", state.key(Action::SpawnDemo));
        return backends.iter().find(|b| Some(b.id) == state.selected).ok_or_else(none);
    };
    let is_it = |b: &BackendView| {
        let whole = word.split_once('/').filter(|(pool, _)| b.pool == *pool);
        b.name.raw().eq_ignore_ascii_case(whole.map_or(word, |(_, name)| name))
    };
    let by_name = backends.iter().find(|b| is_it(b));
    let by_id = || word.parse::<BackendId>().ok().and_then(|id| backends.iter().find(|b| b.id == id));
    by_name.or_else(by_id).ok_or_else(|| {
        let names: Vec<_> = backends.iter().map(|b| b.name.shown()).collect();
        format!("there is no backend '{word}': {}", names.join(", "))
    })
}

/// Sends a command, records its undo, and applies it to the snapshot at once, so that a key pressed before the next
/// snapshot starts from the new value. The next snapshot has the real value.
fn command(state: &mut State, command: Command) -> Vec<Effect> {
    if let Some(back) = opposite(state.live(), &command) {
        if state.undo.len() == STEPS {
            state.undo.pop_front();
        }
        state.undo.push_back(back);
    }
    foresee(state.live_mut(), &command);
    if state.frozen.is_some() {
        let live = state.key(Action::Freeze);
        state.say(format!("done; the display still stands at an earlier moment: {live} shows live again"));
    }
    vec![Effect::Command(command)]
}

/// Undoes the last command that changed something, and shows which in the footer.
pub(crate) fn undo(state: &mut State) -> Outcome {
    while let Some(back) = state.undo.pop_back() {
        // The command failed or was already reverted: nothing to undo.
        if opposite(state.live(), &back).is_none() {
            continue;
        }
        foresee(state.live_mut(), &back);
        let words = match &back {
            Command::SetIntent { id, intent } => match intent {
                Intent::InService => format!("{} is in service again", name(state, *id)),
                Intent::Drain => format!("{} drains again", name(state, *id)),
                Intent::Maint => format!("{} is taken out again", name(state, *id)),
            },
            Command::SetWeight { id, weight } => format!("{} has the weight {weight} again", name(state, *id)),
            Command::SetStrategy { pool, strategy } => {
                format!("the strategy{} is {strategy} again", of_pool(state, pool.as_deref()))
            }
            Command::SetSticky { pool, by } => {
                format!("stickiness{} is {} again", of_pool(state, pool.as_deref()), by.in_words())
            }
            _ => String::new(),
        };
        let more = match state.undo.len() {
            0 => String::new(),
            more => format!(" ({} again: {more} more)", state.key(Action::Undo)),
        };
        state.say(format!("undone: {words}{more}"));
        return Ok(vec![Effect::Command(back)]);
    }
    Err("there is nothing to undo".to_owned())
}

fn name(state: &State, id: BackendId) -> String {
    state.live().backends.iter().find(|b| b.id == id).map(|b| b.name.to_string()).unwrap_or_default()
}

/// ` of web` with several pools, else empty.
fn of_pool(state: &State, pool: Option<&str>) -> String {
    pool.filter(|_| state.live().pools.len() > 1).map(|pool| format!(" of {pool}")).unwrap_or_default()
}

/// The command that undoes `command`; `None` if it changes nothing or cannot be undone.
fn opposite(snapshot: &Snapshot, command: &Command) -> Option<Command> {
    let backend = |id: BackendId| snapshot.backends.iter().find(|b| b.id == id);
    let pool = |pool: &Option<String>| snapshot.pool(pool.as_deref()?);
    let back = match *command {
        Command::SetIntent { id, .. } => Command::SetIntent { id, intent: backend(id)?.intent },
        Command::SetWeight { id, .. } => Command::SetWeight { id, weight: backend(id)?.weight },
        Command::SetStrategy { pool: ref name, .. } => {
            Command::SetStrategy { pool: name.clone(), strategy: pool(name)?.strategy }
        }
        Command::SetSticky { pool: ref name, .. } => {
            Command::SetSticky { pool: name.clone(), by: pool(name)?.sticky.clone() }
        }
        // Others cannot be undone.
        _ => return None,
    };
    (back != *command).then_some(back)
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
        // The result of other commands is not known in advance.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::message::Message;
    use crate::screen::message::Said;
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
    fn undo_takes_back_step_by_step_and_says_what() {
        let mut state = state();
        press(&mut state, "++s d");
        assert_eq!(press(&mut state, "u"), [Command::SetIntent { id: 1.into(), intent: Intent::Maint }]);
        assert_eq!(said(&state), "undone: alpha is taken out again (u again: 4 more)");
        press(&mut state, "u");
        assert_eq!(said(&state), "undone: alpha is in service again (u again: 3 more)");
        press(&mut state, "u");
        assert_eq!(said(&state), "undone: the strategy is round-robin again (u again: 2 more)");
        assert_eq!(press(&mut state, "uu").last(), Some(&Command::SetWeight { id: 1.into(), weight: 1 }));
        assert_eq!(said(&state), "undone: alpha has the weight 1 again");
        assert!(press(&mut state, "u").is_empty());
        assert_eq!(said(&state), "there is nothing to undo");
    }

    #[test]
    fn what_changed_nothing_is_no_step_and_what_failed_is_passed_over() {
        let mut state = state();
        press(&mut state, "+");
        // The engine refused: the weight is as it was.
        state.snapshot.backends[0].weight = 1;
        press(&mut state, ":up alpha\n");
        assert!(press(&mut state, "u").is_empty());
        assert_eq!(said(&state), "there is nothing to undo");
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
            (":weight nobody 3\n", "there is no backend 'nobody': alpha, bravo"),
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
