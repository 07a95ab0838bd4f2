//! What a client can lose by being moved.

/// What a client lost by being moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LossKind {
    /// 2xx or a redirect became a redirect to a login, or 401.
    Session,
    /// The same, where the id carries its content with it, signed: each copy signs with a secret of its own.
    Secret,
    /// 2xx became 403, 419, 422 or 400 for a form or a token that an earlier answer gave.
    Csrf,
    /// What an earlier request put there is not there: 404 or 410.
    Upload,
    /// An id of a protocol's session is unknown: 400 or 404.
    UnknownId,
    /// The server began a new session: it set a cookie anew that it had set before.
    CookieAnew,
    /// An upgrade was refused, or the connection cut.
    WebSocket,
    /// It was answered otherwise: another status, or another body where all controls had the same.
    Answer,
}

/// One step of a moved run that went otherwise than in the controls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The step, by its place.
    pub step: usize,
    /// What was lost.
    pub kind: LossKind,
    /// It in a few words, such as `session lost (302 /login)`; ids in it are masked.
    pub words: String,
    /// Whether a refusal tells it: a status, or a redirect to a login. Otherwise chance may have to do with it, and more controls and moved runs should show it.
    pub sure: bool,
}
