//! The checks of a pool, as the readiness probe of its pods.

use stickylb::api::{CheckAlgorithm, ResolvedCheck, ResolvedPool, ResolvedValue};

use super::facts::{is_https, port, seconds};
use crate::export::feature::Feature;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// The first backend's, which all pods have.
pub(super) fn write(pool: &ResolvedPool, to: &mut Writer) {
    let Some(first) = pool.backends.first() else { return };
    let check = &first.check;
    notes(pool, check, to);
    to.line("readinessProbe:");
    to.indented(|to| {
        match check.algorithm {
            CheckAlgorithm::HttpStatus => http(pool, check, to),
            CheckAlgorithm::Command => {
                let words: Vec<String> = check.command.iter().map(|word| quoted(word)).collect();
                to.line("exec:");
                to.line(format!("  command: [{}]", words.join(", ")));
            }
            _ => {
                to.line("tcpSocket:");
                to.line(format!("  port: {}", port(pool)));
            }
        }
        to.line(format!("periodSeconds: {}", seconds(check.interval_millis)));
        to.line(format!("timeoutSeconds: {}", seconds(check.timeout_millis)));
        to.line(format!("successThreshold: {}", check.rise.max(1)));
        to.line(format!("failureThreshold: {}", check.fall.max(1)));
    });
}

fn http(pool: &ResolvedPool, check: &ResolvedCheck, to: &mut Writer) {
    to.line("httpGet:");
    to.indented(|to| {
        to.line(format!("path: {}", quoted(&check.path)));
        to.line(format!("port: {}", port(pool)));
        if is_https(pool) {
            to.line("scheme: HTTPS");
        }
        let mut lines = Vec::new();
        for header in &check.headers {
            match &header.value {
                ResolvedValue::Plain(value) => {
                    lines.push(format!("- name: {}", quoted(&header.name)));
                    lines.push(format!("  value: {}", quoted(value)));
                }
                _ => to.cannot(
                    Feature::CheckSecrets,
                    format!(
                        "health.headers {}: a probe reads no Secret and no environment, it is left out",
                        header.name
                    ),
                ),
            }
        }
        if !lines.is_empty() {
            to.line("httpHeaders:");
            for line in lines {
                to.line(line);
            }
        }
    });
}

fn notes(pool: &ResolvedPool, check: &ResolvedCheck, to: &mut Writer) {
    let name = &pool.name;
    if pool.backends.iter().any(|other| other.check != *check) {
        to.cannot(Feature::CheckHttp, format!("health of {name}: all pods are checked as the first backend is"));
    }
    kind(name, check, to);
    if [check.interval_millis, check.timeout_millis].iter().any(|millis| millis % 1000 != 0) {
        to.cannot(
            Feature::CheckHttp,
            format!("health.interval, .timeout of {name}: probes count whole seconds, rounded up"),
        );
    }
    if check.expect.body.is_some() || !check.expect.json.is_empty() {
        let sentence =
            format!("health.expect.body, .json of {name}: a probe does not read the answer, its status counts");
        to.cannot(Feature::CheckExpect, sentence);
    }
    if check.agent {
        to.cannot(Feature::Agent, format!("health.agent of {name}: a probe does not read weights from answers"));
    }
}

fn kind(name: &str, check: &ResolvedCheck, to: &mut Writer) {
    let connects = "a probe has none, it checks whether it can connect";
    match check.algorithm {
        CheckAlgorithm::HttpStatus => {
            if check.method != "GET" {
                to.cannot(Feature::CheckHttp, format!("health.method of {name}: a probe is always a GET"));
            }
            if !matches!(&check.expect.status[..], [(200, 399)]) {
                to.cannot(
                    Feature::CheckHttp,
                    format!("health.expect.status of {name}: a probe takes every 2xx and 3xx"),
                );
            }
        }
        CheckAlgorithm::Command => {
            to.cannot(
                Feature::CheckCommand,
                format!("health.command of {name}: it runs in the pod, whose image must have it"),
            );
        }
        CheckAlgorithm::Websocket => {
            to.cannot(Feature::CheckWebsocket, format!("health by websocket of {name}: {connects}"));
        }
        CheckAlgorithm::Http => {
            to.cannot(Feature::CheckHttp, format!("health by any answer of {name}: {connects}"));
        }
        _ => {}
    }
}
