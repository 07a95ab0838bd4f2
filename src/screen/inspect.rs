//! Fetches the selected request's heads for the inspector; copies the request as a curl command, or replays it.

use std::sync::Arc;
use stickylb::api::{Event, Heads, Replayed, RequestNumber, ToReplay};
use stickylb::untrusted::Untrusted;

use super::action::Action;
use super::curl;
use super::draft::Draft;
use super::head::{parts, text};
use super::inspected::{FORGOTTEN, Found, NOBODY_LOOKED, ReplayChoice, Shown};
use super::message::Effect;
use super::presenter;
use super::state::{Dialog, Focus, Question, State};
use super::watching;

const IN_THE_LOG: &str = "the request was sent again: its answer is in the log";

/// The selected log line if it is a request and the log has the focus.
fn selected(state: &State) -> Option<Arc<Event>> {
    if state.focus != Focus::Log {
        return None;
    }
    state.log.selected().map(|line| line.event).filter(|event| matches!(**event, Event::Request(_)))
}

/// The selected or the latest request. Focuses the log and holds the request, so that it stays selected.
///
/// # Errors
/// A sentence if no request is selected.
fn held(state: &mut State) -> Result<Arc<Event>, String> {
    let line = state.log.selected().filter(|line| matches!(*line.event, Event::Request(_)));
    let line = line.ok_or_else(|| no_request(state))?;
    state.focus = Focus::Log;
    state.log.select(line.number);
    // Discard the heads of another request.
    let number = number_of(Some(&line.event));
    if state.inspected.number != number {
        state.inspected.turn_to(number);
    }
    Ok(line.event)
}

/// Says that no request is selected, and how to select one.
pub(crate) fn no_request(state: &State) -> String {
    let [pane, down, up] = [Action::NextPane, Action::Down, Action::Up].map(|action| state.key(action));
    format!("there is no request here: select one in the log ({pane}, then {down} and {up})")
}

fn number_of(event: Option<&Arc<Event>>) -> Option<RequestNumber> {
    match event.map(|event| &**event) {
        Some(Event::Request(request)) => request.number,
        _ => None,
    }
}

/// The effect that fetches the selected request's heads, if that is necessary.
pub(crate) fn wanted(state: &mut State) -> Option<Effect> {
    let number = number_of(selected(state).as_ref());
    if state.rights.only_watches() {
        state.inspected.turn_away(number, watching::NO_HEADS);
        return None;
    }
    state.inspected.follow(number)
}

/// Takes the result of fetching heads; ignores it if another request is selected by now.
pub(crate) fn take(
    state: &mut State,
    number: RequestNumber,
    result: Result<Option<Box<Heads>>, Untrusted<String>>,
) -> Vec<Effect> {
    let inspected = &mut state.inspected;
    inspected.asked = None;
    if inspected.number != Some(number) {
        return Vec::new();
    }
    state.changed = true;
    inspected.found = match result {
        Ok(Some(heads)) => Found::There(heads),
        Ok(None) => Found::Missing(FORGOTTEN.to_owned()),
        Err(why) => Found::Missing(format!("its heads cannot be had: {why}")),
    };
    if std::mem::take(&mut inspected.copy) {
        copy(state).unwrap_or_else(|why| complain(state, why))
    } else {
        Vec::new()
    }
}

fn complain(state: &mut State, why: String) -> Vec<Effect> {
    state.complain(why);
    Vec::new()
}

/// Shows or hides the secrets in the selected request's heads.
pub(crate) fn toggle_secrets(state: &mut State) -> Result<(), String> {
    presenter::locks_secrets(state)?;
    held(state)?;
    state.inspected.shows_secrets = !state.inspected.shows_secrets;
    state.say(if state.inspected.shows_secrets {
        let hide = state.key(Action::Secrets);
        format!("the secrets of this request are shown until you select another; {hide} hides them")
    } else {
        "secrets are hidden".to_owned()
    });
    Ok(())
}

/// Copies the selected request as a curl command, now or when its heads arrive.
pub(crate) fn copy(state: &mut State) -> Result<Vec<Effect>, String> {
    presenter::locks_secrets(state)?;
    let event = held(state)?;
    let Event::Request(request) = &*event else { return Ok(Vec::new()) };
    match state.inspected.of(request) {
        Ok(Some(heads)) => {
            let listener = state.snapshot.listeners.iter().find(|listener| listener.url == heads.url);
            let authority = listener.and_then(|listener| listener.authority.as_ref());
            let (line, note) = curl::command(heads, request, authority)?;
            Ok(vec![Effect::Copy(line, note)])
        }
        Ok(None) => {
            state.inspected.copy = true;
            Ok(Vec::new())
        }
        Err(why) => Err(why.to_owned()),
    }
}

/// Opens the choice of where to replay the selected request.
pub(crate) fn ask_where(state: &mut State) -> Result<(), String> {
    let event = held(state)?;
    let Event::Request(request) = &*event else { return Ok(()) };
    if request.is_raw() {
        return Err("a connection in TCP mode cannot be sent again: its bytes are not kept".to_owned());
    }
    let number = request.number.ok_or_else(|| format!("it cannot be sent again: {NOBODY_LOOKED}"))?;
    if let Err(why) = state.inspected.of(request) {
        return Err(format!("it cannot be sent again: {why}"));
    }
    let to = request.to.as_deref().map(|to| to.id);
    let live = state.live();
    let pool = live.backends.iter().find(|backend| Some(backend.id) == to).map(|backend| backend.pool.clone());
    let there = live.backends.iter().filter(|backend| pool.as_ref().is_none_or(|pool| backend.pool == *pool));
    let mut places = vec![(None, "as it is balanced".to_owned())];
    places.extend(there.map(|backend| (Some(backend.id), backend.name.to_string())));
    state.dialog = Some(Dialog::Replay(ReplayChoice { event: Arc::clone(&event), number, places, chosen: 0 }));
    Ok(())
}

/// Replays the request to the chosen backend; asks first if the method is not safe.
pub(crate) fn send(state: &mut State, choice: &ReplayChoice) -> Vec<Effect> {
    let (to, name) = &choice.places[choice.chosen];
    ask_or_send(state, &choice.event, ToReplay::new(choice.number, *to), None, &format!("it again: {name}"))
}

/// Sends what is to be replayed; asks first if its method is not safe.
pub(crate) fn ask_or_send(
    state: &mut State,
    event: &Arc<Event>,
    replay: ToReplay,
    draft: Option<Box<Draft>>,
    what: &str,
) -> Vec<Effect> {
    let Event::Request(request) = &**event else { return Vec::new() };
    let asked = match &replay.edited {
        Some(edited) => text(parts(&edited.head).0).trim_end_matches(" HTTP/1.1").to_owned(),
        None => format!("{} {}", request.method, request.path),
    };
    // Safe methods: RFC 9110, section 9.2.1.
    if matches!(asked.split(' ').next(), Some("GET" | "HEAD" | "OPTIONS")) {
        state.say(format!("sending {what}"));
        return again(state, event, replay, draft);
    }
    state.dialog = Some(Dialog::Ask(Question::Replay { event: Arc::clone(event), replay, asked, draft }));
    state.changed = true;
    Vec::new()
}

/// Sends what is to be replayed.
pub(crate) fn again(state: &mut State, event: &Arc<Event>, replay: ToReplay, draft: Option<Box<Draft>>) -> Vec<Effect> {
    state.inspected.replaying = Some(Arc::clone(event));
    vec![Effect::Replay(replay, draft)]
}

/// Tells why an edited request is not sent, and offers the text as it was left.
pub(crate) fn ask_again(state: &mut State, draft: Box<Draft>, why: String) -> Vec<Effect> {
    state.dialog = Some(Dialog::Ask(Question::Mistake { draft, why }));
    state.changed = true;
    Vec::new()
}

/// Keeps the text of an edited request that is not sent, for when it is edited again.
pub(crate) fn set_aside(state: &mut State, draft: Box<Draft>) {
    if state.inspected.number == Some(draft.number) {
        let replay = state.key(Action::Replay);
        state.say(format!("not sent: {replay} and e open the text again, as you left it"));
        state.inspected.unsent = Some(draft);
    }
}

/// Shows the result of a replay, unless a dialog is open.
pub(crate) fn show(state: &mut State, result: Result<Box<Replayed>, Untrusted<String>>, draft: Option<Box<Draft>>) {
    let before = state.inspected.replaying.take();
    match (result, draft) {
        (Err(why), Some(draft)) if state.dialog.is_none() => drop(ask_again(state, draft, why.to_string())),
        (Err(why), draft) => {
            if let Some(draft) = draft {
                set_aside(state, draft);
            }
            state.complain(format!("not sent again: {why}"));
        }
        (Ok(_), _) if state.dialog.is_some() => state.say(IN_THE_LOG),
        (Ok(replayed), _) => {
            // With two replays in flight only the last request is remembered; the log has both responses.
            let before = before.filter(|event| number_of(Some(event)) == Some(replayed.before.number));
            let Some(before) = before else { return state.say(IN_THE_LOG) };
            state.said = None;
            state.changed = true;
            state.dialog = Some(Dialog::Replayed(Shown { before, replayed, scroll: 0 }));
        }
    }
}
