//! A request's event as others read it: flat, with the direct predecessor's names first.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::event::{Ended, RequestEvent, time};
use super::phases::Phases;
use crate::balancer::{Decision, Identity};
use crate::config::Strategy;

/// What a [`RequestEvent`] is in JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestRecord {
    #[serde(with = "time")]
    time: SystemTime,
    ip: IpAddr,
    /// The backend's URL.
    to: Option<String>,
    backend_id: Option<u32>,
    strategy: Strategy,
    /// The backend's name.
    backend: Option<String>,
    /// The pool's, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pool: Option<Arc<str>>,
    method: CompactString,
    path: CompactString,
    status: u16,
    seconds: f64,
    bytes: u64,
    up: u64,
    /// In microseconds.
    phases: Phases,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    ended: Ended,
    /// The decision in words.
    reason: String,
    decision: Decision,
}

impl From<RequestEvent> for RequestRecord {
    fn from(event: RequestEvent) -> Self {
        let to = event.to.as_deref();
        RequestRecord {
            time: event.time,
            ip: event.ip,
            to: to.map(|to| to.url.clone()),
            backend_id: to.map(|to| to.id),
            strategy: event.decision.strategy,
            backend: to.map(|to| to.name.clone()),
            pool: event.decision.pool.clone(),
            method: event.method,
            path: event.path,
            status: event.status,
            seconds: event.took.as_secs_f64(),
            bytes: event.bytes,
            up: event.up,
            phases: event.phases,
            number: event.number,
            ended: event.ended,
            reason: event.decision.reason(),
            decision: event.decision,
        }
    }
}

impl From<RequestRecord> for RequestEvent {
    fn from(record: RequestRecord) -> Self {
        let RequestRecord { to, backend_id, backend, pool, .. } = record;
        let to = to.zip(backend_id).zip(backend);
        RequestEvent {
            time: record.time,
            took: Duration::try_from_secs_f64(record.seconds).unwrap_or_default(),
            ip: record.ip,
            method: record.method,
            path: record.path,
            status: record.status,
            to: to.map(|((url, id), name)| Arc::new(Identity { id, name, url, pool })),
            bytes: record.bytes,
            up: record.up,
            phases: record.phases,
            number: record.number,
            ended: record.ended,
            decision: record.decision,
        }
    }
}
