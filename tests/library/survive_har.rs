//! What is told of the requests in a HAR file.

use std::io::Write as _;

use stickylb::api::{Command, SurviveOptions, SurviveVerdict};

use crate::support::{After, Backend};
use crate::survive::{answer, balancer, ended, findings, of};

/// A HAR file with a GET of each of these paths, which were answered 200.
fn har(paths: &[&str]) -> tempfile::NamedTempFile {
    let entry = |path: &&str| {
        serde_json::json!({
            "startedDateTime": "2026-01-01T00:00:00.000Z",
            "time": 5,
            "request": {
                "method": "GET", "url": format!("http://app.test{path}"), "httpVersion": "HTTP/1.1",
                "headers": [{"name": "Host", "value": "app.test"}], "queryString": [], "cookies": [],
                "headersSize": -1, "bodySize": 0,
            },
            "response": {
                "status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": [], "cookies": [],
                "content": {"size": 4, "mimeType": "text/plain", "text": "well"}, "redirectURL": "",
                "headersSize": -1, "bodySize": 4,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 5, "receive": 0},
        })
    };
    let entries: Vec<_> = paths.iter().map(entry).collect();
    let creator = serde_json::json!({"name": "test", "version": "1"});
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let log = serde_json::json!({"log": {"version": "1.2", "creator": creator, "entries": entries}});
    file.write_all(log.to_string().as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn a_har_file_is_tested_by_itself_against_this_balancer_and_a_bad_one_is_named() {
    let app = || {
        Backend::start(|call| {
            if call.target == "/silence" {
                call.wait_for_close();
                return After::Close;
            }
            answer(call, "200 OK", &[], "well")
        })
    };
    let (one, two) = (app(), app());
    let balancer = balancer(&[&one, &two]).await;
    let file = har(&["/well", "/silence"]);
    let begin = |path: &std::path::Path| {
        let mut options = SurviveOptions::default();
        options.har = Some(path.to_str().unwrap().to_owned());
        Command::Survive(options)
    };
    balancer.command(begin(file.path())).await.unwrap();
    let report = ended(&balancer).await;
    assert_eq!(report.partial, None);
    assert!(findings(&report).is_empty(), "{report:?}");
    assert_eq!(of(&report, "/well").verdict, SurviveVerdict::Safe);
    assert_eq!(of(&report, "/silence").verdict, SurviveVerdict::Inconclusive);
    let host = one.requests()[0].get("host").unwrap();
    assert_eq!(host, format!("localhost:{}", balancer.address().port()));

    std::fs::write(file.path(), "no HAR").unwrap();
    balancer.command(begin(file.path())).await.unwrap();
    let why = ended(&balancer).await.partial.expect("it cannot be read");
    assert!(why.raw().contains(file.path().to_str().unwrap()), "{why}");
    balancer.end_now();
}
