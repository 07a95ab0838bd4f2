//! What is read of an entry (HAR 1.2, section `entries`): whatever is not named here is passed over.

use serde::Deserialize;

use super::loose::{List, Object, Text};

/// One request and its answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    #[serde(rename = "startedDateTime")]
    pub(super) started: Text,
    /// How long it took, in milliseconds.
    pub(super) time: Text,
    pub(super) timings: Object<Timings>,
    pub(super) request: Object<Asked>,
    pub(super) response: Object<Answered>,
    /// What kind of thing was asked for, in Chromium and Playwright.
    #[serde(rename = "_resourceType")]
    pub(super) resource: Text,
}

/// How long each phase took until the answer began, in milliseconds; -1 of one that there was not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Timings {
    pub(super) blocked: Text,
    pub(super) dns: Text,
    pub(super) connect: Text,
    pub(super) send: Text,
    pub(super) wait: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) method: Text,
    pub(super) url: Text,
    pub(super) headers: List<Object<Pair>>,
    pub(super) cookies: List<Object<Pair>>,
    #[serde(rename = "postData")]
    pub(super) body: Object<Posted>,
    #[serde(rename = "bodySize")]
    pub(super) body_size: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answered {
    pub(super) status: Text,
    pub(super) headers: List<Object<Pair>>,
    pub(super) cookies: List<Object<Pair>>,
    pub(super) content: Object<Content>,
    #[serde(rename = "redirectURL")]
    pub(super) redirect: Text,
}

/// A field, a cookie or what a form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pair {
    pub(super) name: Text,
    pub(super) value: Text,
    #[serde(rename = "fileName")]
    pub(super) file: Text,
    #[serde(rename = "contentType")]
    pub(super) content_type: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Posted {
    #[serde(rename = "mimeType")]
    pub(super) mime: Text,
    pub(super) text: Text,
    pub(super) params: List<Object<Pair>>,
    pub(super) encoding: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Content {
    #[serde(rename = "mimeType")]
    pub(super) mime: Text,
    pub(super) text: Text,
    pub(super) encoding: Text,
    pub(super) size: Text,
}
