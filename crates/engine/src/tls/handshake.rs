//! A whole handshake with a client.

use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use super::refused_name::RefusedName;
use super::termination::Termination;

impl Termination {
    /// Shakes hands with a client that connected to this address.
    ///
    /// # Errors
    /// Of the stream, a rustls error, or a [`RefusedName`]; the client was told by an alert where it could be.
    pub(crate) async fn handshake<S>(&self, stream: S, local: IpAddr) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        match self.answer(&begun.client_hello(), local) {
            Ok(settings) => begun.into_stream(settings).await,
            Err(refused) => {
                // It closes whether this reaches it or not.
                let _ = begun.io.write_all(&RefusedName::ALERT).await;
                let _ = begun.io.shutdown().await;
                Err(io::Error::other(refused))
            }
        }
    }
}
