//! What is written for Kubernetes follows its schemas: no cluster can be run here.
//!
//! Deployments and Services are held against the schemas of Kubernetes itself, which the Python package `kubernetes-validate`
//! carries, and which allow no field that they do not know. No package carries those of the Gateway API: `gateway_api` says in
//! their place what its documentation has of the fields that are written.

mod gateway_api;

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use stickylb_convert::{Engine, Target};

use crate::corpus::{cases, exported};
use crate::engines::or_left_out;
use crate::installed::of_environment;

/// Reads `{name: file}`, and answers with what is wrong in each, and with the objects that are none of Kubernetes' own.
const READER: &str = r#"
import json, sys, yaml, kubernetes_validate
wrong, others = [], []
for name, text in json.load(sys.stdin).items():
    for it in yaml.safe_load_all(text):
        if it["apiVersion"].startswith("gateway.networking.k8s.io/"):
            others.append([name, it])
            continue
        try:
            kubernetes_validate.validate(it, "1.37", strict=True)
        except Exception as error:
            wrong.append(f"{name}: {it['kind']}: {error}")
json.dump({"wrong": wrong, "others": others}, sys.stdout)
"#;

fn read(files: &Value) -> Option<Value> {
    let python = or_left_out(of_environment("python"), "Python environment of engines")?;
    or_left_out(of_environment("kubernetes-validate"), "kubernetes-validate")?;
    let child = Command::new(python).args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    child.stdin.take().unwrap().write_all(files.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the reader ends well");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn what_is_written_for_kubernetes_follows_the_schemas() {
    let target = Target::new(Engine::Kubernetes);
    let files: serde_json::Map<String, Value> =
        cases().iter().map(|case| (case.name.clone(), json!(exported(case, target).text))).collect();
    let Some(read) = read(&Value::Object(files)) else { return };
    let mut wrong: Vec<String> = read["wrong"].as_array().unwrap().iter().map(ToString::to_string).collect();
    let others = read["others"].as_array().unwrap();
    for other in others {
        wrong.extend(gateway_api::problems(&other[1]).into_iter().map(|problem| format!("{}: {problem}", other[0])));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(others.len() > cases().len(), "each has a Gateway and a route at least");
}

#[test]
fn what_the_gateway_api_has_not_is_found() {
    let gateway = |listener: Value| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "a"},
            "spec": {"gatewayClassName": "example", "listeners": [listener]},
        })
    };
    let good = json!({"name": "p1", "port": 1, "protocol": "HTTP"});
    assert!(gateway_api::problems(&gateway(good)).is_empty());
    for bad in [
        json!({"name": "p1", "port": 1, "protocol": "HTTP", "address": "127.0.0.1"}),
        json!({"name": "P_1", "port": 1, "protocol": "HTTP"}),
        json!({"name": "p1", "port": 0, "protocol": "HTTP"}),
        json!({"name": "p1", "port": 1, "protocol": "http"}),
    ] {
        assert!(!gateway_api::problems(&gateway(bad.clone())).is_empty(), "{bad}");
    }
}
