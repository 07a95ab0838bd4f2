//! How values are written in a configuration file: for the defaults that the schema names.

use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;

use crate::api::{CheckAlgorithm, HostHeader, Mode, SameSite, StickyBy, Strategy};

/// A value that a file can hold.
pub(crate) trait Written {
    /// It, as it stands in a file.
    fn written(&self) -> Value;
}

/// A value that a file names by one of a few words.
pub(crate) trait Named: Copy + PartialEq + 'static {
    /// Each word, with what it stands for.
    const NAMES: &'static [(&'static str, Self)];
}

impl<T: Named> Written for T {
    fn written(&self) -> Value {
        T::NAMES.iter().find(|(_, value)| value == self).map(|(name, _)| *name).into()
    }
}

macro_rules! written_as_displayed {
    ($($kind:ty),*) => {
        $(impl Written for $kind {
            fn written(&self) -> Value {
                self.to_string().into()
            }
        })*
    };
}

written_as_displayed!(String, IpAddr, IpNet, http::Method, StickyBy, Strategy);

macro_rules! written_as_in_json {
    ($($kind:ty),*) => {
        $(impl Written for $kind {
            fn written(&self) -> Value {
                (*self).into()
            }
        })*
    };
}

written_as_in_json!(bool, u16, u32, u64, usize);

impl Named for CheckAlgorithm {
    const NAMES: &'static [(&'static str, Self)] = &[
        (CheckAlgorithm::HttpStatus.name(), CheckAlgorithm::HttpStatus),
        (CheckAlgorithm::Http.name(), CheckAlgorithm::Http),
        (CheckAlgorithm::Tcp.name(), CheckAlgorithm::Tcp),
        (CheckAlgorithm::Websocket.name(), CheckAlgorithm::Websocket),
        (CheckAlgorithm::Command.name(), CheckAlgorithm::Command),
    ];
}

impl Named for HostHeader {
    const NAMES: &'static [(&'static str, Self)] =
        &[("auto", HostHeader::Auto), ("client", HostHeader::Client), ("backend", HostHeader::Backend)];
}

impl Named for SameSite {
    const NAMES: &'static [(&'static str, Self)] = &[
        (SameSite::Lax.word(), SameSite::Lax),
        (SameSite::Strict.word(), SameSite::Strict),
        (SameSite::None.word(), SameSite::None),
    ];
}

impl Named for Mode {
    const NAMES: &'static [(&'static str, Self)] = &[(Mode::Http.name(), Mode::Http), (Mode::Tcp.name(), Mode::Tcp)];
}

impl Written for Duration {
    fn written(&self) -> Value {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX).into()
    }
}

impl<T: Written> Written for Vec<T> {
    fn written(&self) -> Value {
        self.iter().map(Written::written).collect()
    }
}

impl<T: Written> Written for Option<T> {
    fn written(&self) -> Value {
        self.as_ref().map_or(Value::Null, Written::written)
    }
}
