//! Functions that the fuzz targets in `fuzz/` call; not a public interface, and free to change.

#[cfg(feature = "tui")]
pub use crate::screen::filter::{Filter, FilterError};

#[cfg(unix)]
pub use control_lines::{reply, request};

#[cfg(unix)]
mod control_lines {
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use std::io;
    use tokio::io::AsyncBufRead;

    use crate::control::protocol::{REPLY_LIMIT, REQUEST_LIMIT, Reply, Request, read, write};

    /// Reads a request line as the control server does, and returns it written out again; `None` at the end of input.
    ///
    /// # Errors
    /// The line is no request, or too long, or cut off.
    pub async fn request(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
        again::<Request>(from, REQUEST_LIMIT).await
    }

    /// The same for a reply line.
    ///
    /// # Errors
    /// The line is no reply, or too long, or cut off.
    pub async fn reply(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
        again::<Reply>(from, REPLY_LIMIT).await
    }

    async fn again<T: Serialize + DeserializeOwned>(
        from: &mut (impl AsyncBufRead + Unpin),
        limit: usize,
    ) -> io::Result<Option<Vec<u8>>> {
        let Some(found) = read::<T>(from, limit).await? else { return Ok(None) };
        let mut written = Vec::new();
        write(&mut written, &found).await?;
        Ok(Some(written))
    }
}
