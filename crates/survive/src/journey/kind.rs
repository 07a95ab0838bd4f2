//! What kind of loss an answer is that came out otherwise.

use super::class::Class;
use super::limits::SHORTEST;
use super::links::{Link, Links};
use super::loss::LossKind;
use super::origin::Origin;
use super::sealed::is_sealed;
use super::slot::Slot;
use super::url::Part;
use super::words::{is_csrf, of_body};
use crate::who::is_session_cookie;
use crate::{Answer, Exchange, Request};

/// A step that was refused in a moved run, with what led to it.
#[derive(Clone, Copy)]
pub(super) struct Refused<'j> {
    pub(super) steps: &'j [Exchange],
    pub(super) links: &'j [Links],
    pub(super) step: usize,
}

impl Refused<'_> {
    fn request(&self) -> &Request {
        &self.steps[self.step].request
    }

    fn links(&self) -> &Links {
        &self.links[self.step]
    }

    /// The kind of loss where the controls had `good` and the moved run something else, and words for it.
    pub(super) fn kind(&self, good: &Class, moved: &Answer) -> (LossKind, String) {
        let now = Class::of(moved);
        let status = moved.status;
        if !good.is_good() {
            return (LossKind::Answer, format!("answered {} instead of {}", told(&now, status), told(good, 200)));
        }
        if let (Class::Refused(400 | 404), Some(fallback)) = (&now, self.protocol()) {
            return (LossKind::UnknownId, with_body(moved, fallback));
        }
        match (good, &now) {
            (_, Class::Cut) if *good == Class::Upgraded => return (LossKind::WebSocket, "WebSocket cut".to_owned()),
            (_, Class::Cut) => return (LossKind::Answer, "connection cut".to_owned()),
            (Class::Upgraded, _) => return (LossKind::WebSocket, format!("WebSocket refused ({status})")),
            _ => {}
        }
        if self.is_csrf(&now, moved) {
            return (LossKind::Csrf, with_body(moved, "csrf token refused"));
        }
        match now {
            Class::Redirect(_) if now.is_to_login() || self.authority().next().is_some() => self.session(&now, status),
            Class::Refused(401 | 419) => self.session(&now, status),
            Class::Refused(404 | 410) if self.is_upload() => (LossKind::Upload, format!("upload gone ({status})")),
            Class::Refused(400 | 404 | 410 | 422) if self.carries_id() => {
                (LossKind::UnknownId, with_body(moved, "unknown id"))
            }
            Class::Refused(400 | 403 | 404 | 410 | 422) if self.authority().next().is_some() => {
                self.session(&now, status)
            }
            _ => (LossKind::Answer, format!("answered {} instead of {}", told(&now, status), told(good, 200))),
        }
    }

    fn session(&self, now: &Class, status: u16) -> (LossKind, String) {
        (self.session_kind(), format!("session lost ({})", told(now, status)))
    }

    /// Whether the session that is carried is kept by the server, or sealed in what is carried.
    pub(super) fn session_kind(&self) -> LossKind {
        let carried = &self.links().cookies;
        let signed_beside = |name: &str| carried.iter().any(|other| other.name.strip_suffix(".sig") == Some(name));
        let mut sealed = false;
        for (name, value) in self.authority() {
            if is_sealed(value) || (value.starts_with("eyJ") && signed_beside(name)) {
                sealed = true;
            } else if is_session_cookie(name) && !signed_beside(name) {
                return LossKind::Session;
            }
        }
        if sealed { LossKind::Secret } else { LossKind::Session }
    }

    /// Names and values by which the client says who it is, that earlier answers gave.
    pub(super) fn authority(&self) -> impl Iterator<Item = (&str, &str)> {
        let cookies = self.links().cookies.iter();
        let cookies = cookies
            .filter(|one| one.from.is_some() && !one.is_fleeting && one.value.len() >= SHORTEST && !is_csrf(&one.name));
        let fields = self.links().ids.iter().filter(|link| {
            let name = link.at.name.to_ascii_lowercase();
            let authority = name == "authorization" || name.contains("session") || name.contains("auth");
            matches!(link.at.slot, Slot::Field(_) | Slot::Cookie(_)) && authority && !is_csrf(&name)
        });
        cookies
            .map(|cookie| (cookie.name.as_str(), cookie.value.as_str()))
            .chain(fields.map(|link| (link.at.name.as_str(), link.at.value.as_str())))
    }

    /// What to say of an id of a protocol that is known, where one is carried.
    fn protocol(&self) -> Option<&'static str> {
        let request = self.request();
        let has = |name: &str| request.query().split('&').any(|pair| pair.split('=').next() == Some(name));
        let polled = has("sid")
            && (has("EIO") || request.path().contains("/socket.io") || request.path().contains("/engine.io"));
        if polled {
            return Some("Session ID unknown");
        }
        if request.fields.named("mcp-session-id").next().is_some() {
            return Some("session not found");
        }
        let of_connection = |link: &Link| {
            matches!(&link.at.slot, Slot::Target(Part::Query(name)) if name == "id")
                && link
                    .from
                    .iter()
                    .any(|(_, origin)| matches!(origin, Origin::Json(at, _) if at.starts_with("/connection")))
        };
        self.links().ids.iter().any(of_connection).then_some("no connection with that id")
    }

    /// Whether it was refused for a token against forged requests.
    fn is_csrf(&self, now: &Class, moved: &Answer) -> bool {
        if self.request().is_safe() {
            return false;
        }
        let said = is_csrf(&of_body(moved));
        let looks_like = |name: &str| {
            let name = name.to_ascii_lowercase();
            // Those of a login are called tokens as well.
            let of_login =
                ["refresh", "access", "id_token", "idtoken", "device"].iter().any(|part| name.contains(part));
            is_csrf(&name) || !of_login && ["token", "nonce", "verification"].iter().any(|part| name.contains(part))
        };
        let token = |link: &&Link| {
            !matches!(link.at.slot, Slot::Cookie(_) | Slot::Target(Part::Path | Part::Segment(_) | Part::Target))
        };
        let mut tokens =
            self.links().ids.iter().filter(token).filter(|link| !link.at.name.eq_ignore_ascii_case("authorization"));
        let of_form = |link: &Link| {
            let field =
                link.from.iter().any(|(_, origin)| matches!(origin, Origin::Html(key, _) if key.starts_with("input[")));
            field || looks_like(&link.at.name)
        };
        match now {
            Class::Refused(403 | 419 | 422) => said || tokens.any(of_form),
            Class::Refused(400) => said || tokens.any(|link| looks_like(&link.at.name)),
            // Some show the form again, with the reason in it.
            Class::Fine => said && tokens.next().is_some(),
            _ => false,
        }
    }

    /// Whether the path was given, or made, by an earlier request that put something there.
    fn is_upload(&self) -> bool {
        let in_path = |link: &&Link| matches!(link.at.slot, Slot::Target(Part::Path | Part::Segment(_) | Part::Target));
        let unsafe_step = |step: usize| !self.steps[step].request.is_safe();
        let mut given = self.links().ids.iter().filter(in_path).flat_map(|link| &link.from);
        if given.any(|(step, _)| unsafe_step(*step)) {
            return true;
        }
        let path = self.request().path();
        let last = path.rsplit('/').next().unwrap_or_default();
        (0..self.step).filter(|step| unsafe_step(*step)).any(|step| {
            let earlier = &self.steps[step].request;
            let below = path.strip_prefix(earlier.path()).is_some_and(|rest| rest.starts_with('/') && rest.len() > 1);
            let same = earlier.method == "PUT" && earlier.path() == path;
            let named = last.len() >= 5 && earlier.body.windows(last.len()).any(|window| window == last.as_bytes());
            below || same || named
        })
    }

    /// Whether an id that an answer gave is carried, a token for authority aside.
    fn carries_id(&self) -> bool {
        self.links()
            .ids
            .iter()
            .any(|link| !matches!(link.at.slot, Slot::Cookie(_)) && !link.at.name.eq_ignore_ascii_case("authorization"))
    }
}

/// A class as one says it.
fn told(class: &Class, status: u16) -> String {
    match class {
        Class::Redirect(to) => format!("{} {to}", if (300..400).contains(&status) { status } else { 302 }),
        Class::Refused(status) => status.to_string(),
        Class::Upgraded => "101".to_owned(),
        Class::Held => "nothing yet".to_owned(),
        Class::Cut => "with a cut".to_owned(),
        Class::Fine => if (200..300).contains(&status) { status } else { 200 }.to_string(),
    }
}

fn with_body(answer: &Answer, otherwise: &str) -> String {
    let said = of_body(answer);
    let bare = said.is_empty() || said.eq_ignore_ascii_case("not found") || said.eq_ignore_ascii_case("bad request");
    let bare = bare || said.eq_ignore_ascii_case("forbidden");
    format!("{} {}", answer.status, if bare { otherwise } else { &said })
}
