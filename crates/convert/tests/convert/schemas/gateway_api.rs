//! The fields of the Gateway API 1.6 that are written, as its reference has them: their names, kinds and bounds, and no others.
//! It is no copy of its schemas, which have many more.

use jsonschema::Validator;
use serde_json::{Value, json};

/// What is wrong with an object.
pub(crate) fn problems(object: &Value) -> Vec<String> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let Some(spec) = spec_of(kind) else { return vec![format!("{kind} is nothing of the Gateway API")] };
    let schema = exact(
        &json!({
            "apiVersion": {"const": "gateway.networking.k8s.io/v1"},
            "kind": {"const": kind},
            "metadata": exact(&json!({"name": label()}), &["name"]),
            "spec": spec,
        }),
        &["apiVersion", "kind", "metadata", "spec"],
    );
    let validator = Validator::new(&schema).unwrap();
    validator.iter_errors(object).map(|error| format!("{kind}: {}: {error}", error.instance_path())).collect()
}

fn spec_of(kind: &str) -> Option<Value> {
    match kind {
        "Gateway" => Some(gateway()),
        "HTTPRoute" => Some(http_route()),
        "TCPRoute" => Some(tcp_route()),
        "BackendTLSPolicy" => Some(backend_tls_policy()),
        _ => None,
    }
}

/// An object of these fields alone.
fn exact(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn list(item: &Value, most: usize) -> Value {
    json!({"type": "array", "items": item, "minItems": 1, "maxItems": most})
}

/// RFC 1123.
fn label() -> Value {
    json!({"type": "string", "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"})
}

fn port() -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": 65535})
}

fn hostname() -> Value {
    let name = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
    json!({
        "type": "string", "minLength": 1, "maxLength": 253, "pattern": format!("^(\\*\\.)?{name}$"),
        "not": {"pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+$"},
    })
}

/// GEP-2257.
fn duration() -> Value {
    json!({"type": "string", "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$"})
}

fn gateway() -> Value {
    let tls = exact(
        &json!({"mode": {"const": "Terminate"}, "certificateRefs": list(&exact(&json!({"name": label()}), &["name"]), 64)}),
        &["certificateRefs"],
    );
    let listener = exact(
        &json!({"name": label(), "port": port(), "protocol": {"enum": ["HTTP", "HTTPS", "TCP", "TLS"]}, "tls": tls}),
        &["name", "port", "protocol"],
    );
    exact(&json!({"gatewayClassName": label(), "listeners": list(&listener, 64)}), &["gatewayClassName", "listeners"])
}

fn parents() -> Value {
    list(&exact(&json!({"name": label(), "sectionName": label()}), &["name"]), 32)
}

fn backends() -> Value {
    list(&exact(&json!({"name": label(), "port": port()}), &["name", "port"]), 16)
}

fn http_route() -> Value {
    let path = json!({
        "type": "string", "maxLength": 1024, "pattern": "^/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})*$",
        "not": {"pattern": "//|/\\./|/\\.\\./|%2[fF]|/\\.$|/\\.\\.$"},
    });
    let header = exact(
        &json!({
            "type": {"enum": ["Exact", "RegularExpression"]},
            "name": {"type": "string", "pattern": "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$"},
            "value": {"type": "string", "minLength": 1, "maxLength": 4096},
        }),
        &["name", "value"],
    );
    let path = exact(&json!({"type": {"const": "PathPrefix"}, "value": path}), &["value"]);
    let matching = exact(&json!({"path": path, "headers": list(&header, 16)}), &[]);
    let code = json!({"type": "integer", "minimum": 400, "maximum": 599});
    let retry = exact(&json!({"attempts": {"type": "integer", "minimum": 1}, "codes": list(&code, 200)}), &[]);
    let rule = exact(
        &json!({
            "backendRefs": backends(),
            "matches": list(&matching, 64),
            "timeouts": exact(&json!({"request": duration()}), &[]),
            "retry": retry,
            "sessionPersistence": session(),
        }),
        &["backendRefs"],
    );
    exact(
        &json!({"parentRefs": parents(), "hostnames": list(&hostname(), 16), "rules": list(&rule, 16)}),
        &["parentRefs", "rules"],
    )
}

/// GEP-1619: a lifetime that is permanent needs its length.
fn session() -> Value {
    let cookie = exact(&json!({"lifetimeType": {"enum": ["Session", "Permanent"]}}), &[]);
    let mut session = exact(
        &json!({
            "sessionName": {"type": "string", "maxLength": 128},
            "type": {"const": "Cookie"},
            "absoluteTimeout": duration(),
            "cookieConfig": cookie,
        }),
        &[],
    );
    session["dependentRequired"] = json!({"cookieConfig": ["absoluteTimeout"]});
    session
}

fn tcp_route() -> Value {
    let rule = exact(&json!({"backendRefs": backends()}), &["backendRefs"]);
    exact(&json!({"parentRefs": parents(), "rules": list(&rule, 1)}), &["parentRefs", "rules"])
}

fn backend_tls_policy() -> Value {
    let target = exact(
        &json!({"group": {"const": ""}, "kind": {"const": "Service"}, "name": label()}),
        &["group", "kind", "name"],
    );
    let validation = exact(
        &json!({"wellKnownCACertificates": {"const": "System"}, "hostname": hostname()}),
        &["wellKnownCACertificates", "hostname"],
    );
    exact(&json!({"targetRefs": list(&target, 16), "validation": validation}), &["targetRefs", "validation"])
}
