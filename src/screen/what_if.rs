//! What each strategy would have done: asked for and shown, and a row of it put in use.

use crossterm::event::{KeyCode, KeyEvent};
use stickylb::api::{Strategy, WhatIf, WhatIfOptions};
use stickylb::untrusted::Untrusted;

use super::action::Action;
use super::control;
use super::control::Outcome;
use super::message::Effect;
use super::state::{Dialog, State};
use super::what_if_choice::WhatIfChoice;
use crate::words::what_if_options;

/// Asks what each strategy would have done, in the selected backend's pool.
pub(crate) fn ask(state: &mut State, words: &[&str]) -> Outcome {
    let pool = control::pool(state)?;
    let options = what_if_options(words, state.live(), Some(pool.name.raw()))?;
    let strategy = options.pool.as_deref().and_then(|name| state.live().pool(name)).map(|pool| pool.strategy);
    let chosen = Strategy::ALL.iter().position(|one| Some(*one) == strategy).unwrap_or_default();
    state.dialog = Some(Dialog::WhatIf(WhatIfChoice { options: options.clone(), told: None, chosen }));
    Ok(vec![Effect::WhatIf(options)])
}

/// Takes what the engine says, if it is still asked for.
pub(crate) fn take(state: &mut State, options: &WhatIfOptions, told: Result<Box<WhatIf>, Untrusted<String>>) {
    if let Some(Dialog::WhatIf(asked)) = &mut state.dialog
        && asked.options == *options
    {
        asked.told = Some(told);
        state.changed = true;
    }
}

/// A key in the dialog; `None` is one that quits.
pub(crate) fn key(state: &mut State, mut asked: WhatIfChoice, key: KeyEvent) -> Option<Vec<Effect>> {
    let last = Strategy::ALL.len() - 1;
    match state.keys.action_of(key) {
        Some(Action::Down) => asked.chosen = (asked.chosen + 1).min(last),
        Some(Action::Up) => asked.chosen = asked.chosen.saturating_sub(1),
        Some(Action::First) => asked.chosen = 0,
        Some(Action::Last) => asked.chosen = last,
        Some(Action::WhatIf) => {
            asked.told = None;
            let again = vec![Effect::WhatIf(asked.options.clone())];
            state.dialog = Some(Dialog::WhatIf(asked));
            return Some(again);
        }
        _ if key.code == KeyCode::Enter => return Some(control::use_strategy(state, asked.options.pool, asked.chosen)),
        _ if key.code == KeyCode::Esc => return Some(Vec::new()),
        Some(Action::Quit) => return None,
        _ => {}
    }
    state.dialog = Some(Dialog::WhatIf(asked));
    Some(Vec::new())
}
