//! Whether a pool's sticky cookie is for connections over TLS alone, where the file leaves that to the program.

use super::listener::ListenerConfig;
use super::pool::PoolConfig;
use super::root::Config;

impl Config {
    /// A pool of this configuration with `secure` decided. Cookies ignore ports and schemes (RFC 6265 8.5): one that is `Secure`
    /// would be kept from a listener that speaks plainly, so that it is only where none does that leads here.
    pub(crate) fn with_secure_decided(&self, pool: &PoolConfig) -> PoolConfig {
        let mut pool = pool.clone();
        let cookie = &mut pool.sticky.cookie;
        cookie.secure.get_or_insert_with(|| self.is_behind_tls_alone(&pool.name, !pool.names.is_empty()));
        pool
    }

    fn is_behind_tls_alone(&self, pool: &str, has_names: bool) -> bool {
        let named = self.named_listener().filter(|_| has_names);
        let leads = |(place, listener): &(usize, &ListenerConfig)| {
            listener.pools().any(|name| name == pool) || named == Some(*place)
        };
        let mut leading = self.listeners.iter().enumerate().filter(leads).peekable();
        leading.peek().is_some() && leading.all(|(_, listener)| listener.tls.is_some() || listener.stands_for_tls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TlsConfig;

    fn is_secure(listeners: &[(&str, bool)], names: &[&str], written: Option<bool>) -> Option<bool> {
        let mut pool = PoolConfig::new("web", Vec::new());
        pool.names = names.iter().map(|name| (*name).to_owned()).collect();
        pool.sticky.cookie.secure = written;
        let mut config = Config::new(Vec::new());
        let listener = |(pool, tls): &(&str, bool)| ListenerConfig {
            tls: tls.then(TlsConfig::default),
            ..ListenerConfig::new(*pool)
        };
        config.listeners = listeners.iter().map(listener).collect();
        config.pools = vec![pool];
        config.with_secure_decided(&config.pools[0]).sticky.cookie.secure
    }

    #[test]
    fn a_cookie_is_secure_only_where_every_listener_that_leads_to_its_pool_speaks_tls() {
        assert_eq!(is_secure(&[("web", true)], &[], None), Some(true));
        assert_eq!(is_secure(&[("web", false)], &[], None), Some(false));
        assert_eq!(is_secure(&[("web", true), ("web", false)], &[], None), Some(false));
        assert_eq!(is_secure(&[("web", true), ("other", false)], &[], None), Some(true));
        assert_eq!(is_secure(&[("other", false), ("web", true)], &["app.localhost"], None), Some(false));
        assert_eq!(is_secure(&[("web", true)], &[], Some(false)), Some(false));
        assert_eq!(is_secure(&[("web", false)], &[], Some(true)), Some(true));
    }
}
