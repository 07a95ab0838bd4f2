//! A whole handshake with a client.

use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::refused_name::RefusedName;
use super::termination::Termination;

impl Termination {
    /// Shakes hands with a client that connected to this address.
    ///
    /// # Errors
    /// Of the stream, a rustls error, or a [`RefusedName`].
    pub(crate) async fn handshake<S>(&self, stream: S, local: IpAddr) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let shaken = TlsAcceptor::from(self.settings(local)).accept(stream).await;
        shaken.map_err(|error| RefusedName::take().map_or(error, io::Error::other))
    }
}
