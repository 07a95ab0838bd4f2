//! A client's login on one connection to a backend (NTLM, Negotiate).

use std::net::IpAddr;
use std::sync::Arc;

use crate::balancer::Backend;
use crate::proxy::worker::Proxy;
use crate::upstream::{Login, Owner};

/// A login on one connection to a backend. That connection is closed with the client's: otherwise the next client would be
/// logged in.
pub(crate) struct ConnectionLogin<'c> {
    proxy: &'c Proxy,
    backend: Arc<Backend>,
    login: Login,
}

impl<'c> ConnectionLogin<'c> {
    pub(crate) fn new(proxy: &'c Proxy, backend: &Arc<Backend>, ip: IpAddr) -> Self {
        ConnectionLogin { proxy, backend: Arc::clone(backend), login: Login::new(ip) }
    }

    /// Whose the connection is.
    pub(crate) fn owner(&self) -> Owner {
        Owner::LoggedIn(self.login)
    }

    /// The same, if it is with this backend and of the user at this address.
    pub(crate) fn owner_at(&self, backend: &Backend, ip: IpAddr) -> Option<Owner> {
        (self.backend.number == backend.number && self.login.ip == ip).then(|| self.owner())
    }
}

impl Drop for ConnectionLogin<'_> {
    fn drop(&mut self) {
        self.proxy.idle_of(&self.backend).close_owned(self.backend.number, self.owner());
    }
}
