//! A check by WebSocket: a handshake, and a close.

use ::http::Request;
use http::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use super::finding::Finding;
use super::http::add_headers;
use crate::balancer::Backend;
use crate::upstream::Stream;

/// Shakes hands over a new connection.
pub(crate) async fn ask(backend: &Backend, stream: Stream) -> Finding {
    let health = &backend.settings.health();
    let path = &health.path;
    match client_async(request(backend), stream).await {
        Ok((mut socket, response)) => {
            // It did what was asked; how it takes the goodbye says nothing more.
            let _ = socket.close(None).await;
            let mut finding = Finding::passed(format_args!("WebSocket {path} 101"));
            if health.agent {
                finding.take_report(response.headers());
            }
            finding
        }
        Err(Error::Http(response)) => {
            let mut finding = Finding::failed(format_args!("WebSocket {path} {}", response.status().as_u16()));
            if health.agent {
                finding.take_report(response.headers());
            }
            finding
        }
        Err(error) => Finding::failed(format_args!("no WebSocket handshake: {error}")),
    }
}

fn request(backend: &Backend) -> Request<()> {
    let mut request = Request::new(());
    // Only its path is sent; the library insists on a whole URI.
    if let Ok(uri) =
        format!("ws://localhost{}{}", backend.endpoint.address.base_path, backend.settings.health().path).parse()
    {
        *request.uri_mut() = uri;
    }
    let headers = request.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    if let Ok(key) = HeaderValue::from_str(&generate_key()) {
        headers.insert(SEC_WEBSOCKET_KEY, key);
    }
    add_headers(backend, headers);
    request
}
