//! The body of a request on its way to a backend, kept up to a limit so that it can be sent again.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::trailers::clean_trailers;

/// Told how a body goes by.
pub(crate) trait Progress: Send + Sync {
    /// A piece did: an upload that moves is not taken for a stalled one.
    fn progressed(&self);
    /// All of it did: nothing of it is left on the client's connection.
    fn ended(&self);
}

/// Why a body could not be passed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    #[error(transparent)]
    Client(#[from] hyper::Error),
    #[error("the body is larger than limits.bodyBytes")]
    TooLarge,
}

/// What may be kept, and what may pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UploadLimits {
    /// Bytes kept to be sent again.
    pub(crate) replay: usize,
    /// Bytes that may pass; 0 is no limit.
    pub(crate) pass: u64,
}

/// A client's body, read once and passed on to as many backends as it takes.
pub(crate) struct Upload {
    /// Used by one task only, and so never waited for; a mutex because tasks are `Send`.
    state: Mutex<State>,
    progress: Arc<dyn Progress>,
    limits: UploadLimits,
    size: SizeHint,
}

struct State {
    incoming: Incoming,
    kept: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    read: u64,
    ended: bool,
    /// More was read than is kept, or it broke off: it cannot be sent again.
    lost: bool,
    broken: Option<Broken>,
}

/// How a client's body broke off, which is no backend's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The client left.
    Gone,
    /// Its framing is no good.
    BadFraming,
    /// It is larger than it may be.
    TooLarge,
}

impl Broken {
    fn by(error: &hyper::Error) -> Self {
        let mut source = std::error::Error::source(error);
        while let Some(inner) = source {
            if let Some(io) = inner.downcast_ref::<std::io::Error>() {
                use std::io::ErrorKind::{InvalidData, InvalidInput};
                // What the connection says is the client's leaving; what the decoder says is not.
                let framing = matches!(io.kind(), InvalidData | InvalidInput);
                return if framing { Broken::BadFraming } else { Broken::Gone };
            }
            source = inner.source();
        }
        Broken::Gone
    }
}

impl Upload {
    pub(crate) fn new(incoming: Incoming, progress: Arc<dyn Progress>, limits: UploadLimits) -> Arc<Self> {
        let size = incoming.size_hint();
        let state =
            State { incoming, kept: Vec::new(), trailers: None, read: 0, ended: false, lost: false, broken: None };
        Arc::new(Upload { state: Mutex::new(state), progress, limits, size })
    }

    /// Whether every byte read so far is kept.
    pub(crate) fn can_be_sent_again(&self) -> bool {
        !self.state().lost
    }

    /// How it broke off, if it did.
    pub(crate) fn broken(&self) -> Option<Broken> {
        self.state().broken
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the next piece from the client, keeping it while there is room.
    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let mut state = self.state();
        let frame = ready!(Pin::new(&mut state.incoming).poll_frame(cx));
        let mut frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                state.lost = true;
                state.broken = Some(Broken::by(&error));
                return Poll::Ready(Some(Err(error.into())));
            }
            None => {
                state.ended = true;
                self.progress.ended();
                return Poll::Ready(None);
            }
        };
        if let Some(data) = frame.data_ref() {
            state.read += data.len() as u64;
            if self.limits.pass > 0 && state.read > self.limits.pass {
                state.lost = true;
                state.broken = Some(Broken::TooLarge);
                return Poll::Ready(Some(Err(UploadError::TooLarge)));
            }
            if state.read > self.limits.replay as u64 {
                state.lost = true;
                state.kept = Vec::new();
            } else {
                state.kept.push(data.clone());
            }
        } else if let Some(trailers) = frame.trailers_mut() {
            clean_trailers(trailers);
            state.trailers = Some(trailers.clone());
        }
        if state.incoming.is_end_stream() {
            state.ended = true;
            self.progress.ended();
        } else {
            self.progress.progressed();
        }
        Poll::Ready(Some(Ok(frame)))
    }
}

/// A request's body: none, or one pass over a client's.
#[derive(Default)]
pub(crate) enum RequestBody {
    #[default]
    Empty,
    Pass {
        upload: Arc<Upload>,
        /// Kept pieces sent so far, and bytes in all.
        pieces: usize,
        bytes: u64,
        done: bool,
    },
}

impl RequestBody {
    /// A pass from the beginning.
    pub(crate) fn pass(upload: &Arc<Upload>) -> Self {
        RequestBody::Pass { upload: Arc::clone(upload), pieces: 0, bytes: 0, done: false }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RequestBody::Empty => "Empty",
            RequestBody::Pass { .. } => "Pass",
        })
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let RequestBody::Pass { upload, pieces, bytes, done } = self.get_mut() else { return Poll::Ready(None) };
        if *done {
            return Poll::Ready(None);
        }
        let again = {
            let state = upload.state();
            let piece = state.kept.get(*pieces).cloned();
            match piece {
                Some(piece) => Some(Some(Frame::data(piece))),
                None if state.ended && *bytes == state.read => Some(state.trailers.clone().map(Frame::trailers)),
                None => None,
            }
        };
        let frame = match again {
            Some(frame) => frame.map(Ok),
            None => ready!(upload.poll_next(cx)),
        };
        match frame.as_ref().map(|frame| frame.as_ref().map(Frame::data_ref)) {
            Some(Ok(Some(data))) => {
                *pieces += 1;
                *bytes += data.len() as u64;
            }
            // Trailers are the last, as an error is.
            _ => *done = true,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match self {
            RequestBody::Empty | RequestBody::Pass { done: true, .. } => true,
            RequestBody::Pass { upload, bytes, .. } => {
                let state = upload.state();
                state.ended && *bytes == state.read && state.trailers.is_none()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            RequestBody::Empty => SizeHint::with_exact(0),
            RequestBody::Pass { upload, bytes, .. } => match upload.size.exact() {
                Some(size) => SizeHint::with_exact(size.saturating_sub(*bytes)),
                None => SizeHint::default(),
            },
        }
    }
}
