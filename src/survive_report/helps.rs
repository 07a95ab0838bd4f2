//! What helps against each kind of trouble, in one line.

use stickylb::api::SurviveKind;

/// What the app's authors can do about it. None where a kind is newer than this program's words.
pub(super) const fn helps(kind: SurviveKind) -> Option<&'static str> {
    Some(match kind {
        SurviveKind::SessionLost => "sessions where all copies see them (Redis, the database, a signed cookie)",
        SurviveKind::SecretPerCopy => "one secret for all copies, from the environment",
        SurviveKind::CsrfRefused => "one secret for all copies, or sessions where all see them",
        SurviveKind::CounterPerCopy => "counting where all copies see it, such as Redis",
        SurviveKind::UploadGone => "files where all copies see them (an object store, a shared volume)",
        SurviveKind::UnknownId => "stickiness by that id, and an adapter that carries messages between copies",
        SurviveKind::WebSocketCut => "stickiness, or WebSocket as the only transport",
        SurviveKind::StatePerCopy => "data in the database; caches that expire, or are told of changes",
        SurviveKind::TimerPerCopy => "one worker for timers, or a lock that one copy holds",
        _ => return None,
    })
}
