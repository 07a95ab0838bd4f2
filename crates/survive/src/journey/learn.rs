//! What a balancer could learn so that a client stays with its copy.

use std::fmt;

use super::links::{CookieLink, Link, Links};
use super::origin::Origin;
use super::slot::{self, Slot};
use super::url::Part;
use super::words::is_csrf;
use super::{cookies, limits::SHORTEST};
use crate::who::is_session_cookie;
use crate::{Exchange, Request};

/// What a balancer could learn so that the client stays with its copy, in the words of `sticky.from`: `cookie:sid`,
/// `header:Mcp-Session-Id`, `socket.io`, `json:/connectionToken=query:id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learn(pub String);

impl fmt::Display for Learn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What to learn so that `step` goes where `binding` went. `None` where nothing that the one gave or carries is carried by the
/// other, or only in its path or body, which a balancer does not look at.
pub(super) fn learn(steps: &[Exchange], links: &[Links], binding: usize, step: usize) -> Option<Learn> {
    let request = &steps[step].request;
    let has = |at: usize, value: &str| slot::carried(&steps[at].request, SHORTEST).iter().any(|one| one.value == value);
    // Given by the binding step, or before it and carried by it, too.
    let bound = |link: &&Link| {
        let given = link.from.iter().any(|(from, _)| *from == binding);
        given || (link.from.iter().any(|(from, _)| *from < binding) && has(binding, &link.at.value))
    };
    let mut ids: Vec<&Link> = links[step].ids.iter().filter(bound).collect();
    ids.sort_by_key(|link| (is_csrf(&link.at.name), matches!(link.at.slot, Slot::Target(_))));
    if let Some(preset) = ids.iter().find_map(|link| preset(link, &request.target)) {
        return Some(Learn(preset.to_owned()));
    }
    // A cookie may be set anew on the way: each answer is learned from.
    let kept = |cookie: &&CookieLink| {
        let set = cookies::set(&steps[binding].answer).any(|set| set.name == cookie.name && !set.deleted);
        let carried = links[binding].cookies.iter().any(|other| other.name == cookie.name);
        cookie.from.is_some() && !cookie.is_fleeting && (set || carried) && is_name(&cookie.name)
    };
    let mut cookies: Vec<&CookieLink> = links[step].cookies.iter().filter(kept).collect();
    cookies.sort_by_key(|cookie| {
        let beside = is_csrf(&cookie.name) || cookie.name.strip_suffix(".sig").is_some();
        (beside, !is_session_cookie(&cookie.name), cookie.value.len() < SHORTEST, cookie.from != Some(binding))
    });
    if let Some(cookie) = cookies.first() {
        let streamlit = cookie.name == "_streamlit_xsrf";
        return Some(Learn(if streamlit { "streamlit".to_owned() } else { format!("cookie:{}", cookie.name) }));
    }
    if let Some(pair) = ids.iter().find_map(|link| pair(request, link)) {
        return Some(Learn(pair));
    }
    // Gradio's page makes its id itself.
    let gradio =
        |at: usize| slot::carried(&steps[at].request, SHORTEST).into_iter().find(|one| one.name == "session_hash");
    let same = gradio(binding)?.value == gradio(step)?.value;
    same.then(|| Learn("gradio".to_owned()))
}

/// The preset that an id is of.
fn preset(link: &Link, target: &str) -> Option<&'static str> {
    match &link.at.slot {
        Slot::Target(Part::Query(name)) if name == "sid" => {
            let polled = ["/socket.io", "/engine.io", "EIO="].iter().any(|part| target.contains(part));
            polled.then_some("socket.io")
        }
        Slot::Target(Part::Query(name)) if name == "id" => {
            let of_connection = |origin: &Origin| matches!(origin, Origin::Json(at, Part::Whole) if at == "/connectionToken" || at == "/connectionId");
            link.from.iter().any(|(_, origin)| of_connection(origin)).then_some("signalr")
        }
        Slot::Field(_) => link.at.name.eq_ignore_ascii_case("mcp-session-id").then_some("mcp"),
        _ => None,
    }
}

/// An id of the app's own, by the places that gave and carry it.
fn pair(request: &Request, link: &Link) -> Option<String> {
    let carried = match &link.at.slot {
        Slot::Target(Part::Query(name)) if is_name(name) => format!("query:{name}"),
        // A part of a field, such as what is behind `Bearer`, is not looked at.
        Slot::Field(at) if request.fields.0[*at].1.len() == link.at.span.len() => format!("header:{}", link.at.name),
        Slot::Cookie(_) if is_name(&link.at.name) => format!("cookie:{}", link.at.name),
        _ => return None,
    };
    let given = link.from.iter().find_map(|(_, origin)| match origin {
        Origin::Cookie(name) if is_name(name) => Some(format!("cookie:{name}")),
        Origin::Header(name, Part::Whole) => Some(format!("header:{name}")),
        Origin::Json(at, Part::Whole) if at.starts_with('/') && !at.contains(['=', ',']) => Some(format!("json:{at}")),
        _ => None,
    })?;
    Some(if given.eq_ignore_ascii_case(&carried) { carried } else { format!("{given}={carried}") })
}

/// Whether a name can stand in `sticky.from`.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
