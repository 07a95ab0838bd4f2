//! A request that is edited before it is sent again.

mod text;

use std::sync::Arc;
use stickylb::api::{Event, ToReplay};

use super::action::Action;
use super::draft::Draft;
use super::inspect;
use super::inspected::ReplayChoice;
use super::message::Effect;
use super::presenter;
use super::state::State;
pub(crate) use text::TEXT;

/// Opens the chosen request in an editor.
///
/// # Errors
/// Why it cannot be edited, in one sentence.
pub(crate) fn begin(state: &mut State, choice: &ReplayChoice) -> Result<Vec<Effect>, String> {
    // The text has all of the request's secrets.
    presenter::locks_secrets(state)?;
    let Event::Request(request) = &*choice.event else { return Ok(Vec::new()) };
    let (to, place) = &choice.places[choice.chosen];
    let unsent = state.inspected.unsent.take();
    if let Some(draft) = unsent.filter(|draft| draft.number == choice.number && draft.to == *to) {
        return Ok(vec![Effect::Edit(draft)]);
    }
    let heads = state.inspected.of(request)?.ok_or("its heads are on their way: press e again")?;
    let (text, binary) = text::of(heads, place, &state.key(Action::Palette))?;
    let (event, number, to, original) = (Arc::clone(&choice.event), choice.number, *to, text.clone());
    Ok(vec![Effect::Edit(Box::new(Draft { event, number, to, original, text, binary }))])
}

/// Takes what came back from the editor, and sends it where it is a request and was changed.
pub(crate) fn take(state: &mut State, mut draft: Box<Draft>, result: Result<Vec<u8>, String>) -> Vec<Effect> {
    draft.text = match result {
        Ok(text) => text,
        Err(why) => return nothing(state, format!("nothing is sent: {why}"), State::complain),
    };
    match text::read(&draft.text) {
        Err(why) => inspect::ask_again(state, draft, why),
        Ok(None) => nothing(state, "the request was emptied: nothing is sent".to_owned(), State::say),
        Ok(edited) if text::read(&draft.original) == Ok(edited.clone()) => {
            nothing(state, "nothing was changed: nothing is sent".to_owned(), State::say)
        }
        Ok(Some(mut edited)) => {
            if let Some(binary) = draft.binary.as_ref().filter(|_| edited.body.is_empty()) {
                edited.body.clone_from(binary);
            }
            let replay = ToReplay::new(draft.number, draft.to).edited(edited);
            inspect::ask_or_send(state, &Arc::clone(&draft.event), replay, Some(draft), "the edited request")
        }
    }
}

fn nothing(state: &mut State, why: String, say: fn(&mut State, String)) -> Vec<Effect> {
    say(state, why);
    Vec::new()
}
