//! Chromium, as a user whose certificate database trusts the authority.

use std::path::Path;

use serde_json::json;

use crate::site::{Site, backend};
use crate::support::browser::Browser;
use crate::support::left_out::left_out;
use crate::tool::{found, said, tool};

/// Adds an authority to the certificate database of the user with this home, which is made; whether it could.
pub(crate) fn trusted(home: &Path, authority: &Path) -> bool {
    if found(&["certutil"]).is_none() {
        left_out("there is no certutil of NSS");
        return false;
    }
    let folder = home.join(".pki/nssdb");
    std::fs::create_dir_all(&folder).unwrap();
    let database = format!("sql:{}", folder.display());
    said(tool("certutil", &["-d", &database, "-N", "--empty-password"])).good();
    let add = ["-d", &database, "-A", "-t", "C,,", "-n", "stickylb-tui", "-i", authority.to_str().unwrap()];
    said(tool("certutil", &add)).good();
    true
}

/// A browser of a user who trusts the site, at this URL; `None` if that cannot be had, which is said.
pub(crate) fn open(site: &Site, url: &str) -> Option<Browser> {
    if !trusted(site.home(), &site.authority()) {
        return None;
    }
    let browser = Browser::at_home(site.home(), url);
    if browser.is_none() {
        left_out("there is no Chromium");
    }
    browser
}

/// The text of a page of a backend.
const TEXT: &str = "document.getElementById('text')?.textContent";

#[test]
fn chromium_opens_a_page_without_a_complaint_and_its_websocket_echoes() {
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let Some(mut browser) = open(&site, &site.url("app.localhost", "/page")) else { return };
    browser.until("the page is there", &format!("{TEXT} === 'a page of a backend'"));
    for host in ["localhost", "127.0.0.1", "app.localhost"] {
        browser.go(&site.url(host, "/page"));
        browser
            .until("the page is there", &format!("location.hostname === '{host}' && {TEXT} === 'a page of a backend'"));
        assert_eq!(browser.value("[isSecureContext, location.protocol].join()"), json!("true,https:"), "{host}");
        browser.value(
            "var echoed = ''; var socket = new WebSocket(`wss://${location.host}/ws`);
             socket.onopen = () => socket.send('over wss'); socket.onmessage = (message) => { echoed = message.data; };
             socket.onerror = () => { echoed = 'an error'; }",
        );
        browser.until("the WebSocket has answered", "echoed !== ''");
        assert_eq!(browser.value("echoed"), json!("over wss"), "{host}");
    }
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|complaint| complaint.contains("favicon.ico")), "{complaints:#?}");
}

#[test]
fn chromium_sends_the_sticky_cookie_back_and_has_it_as_secure() {
    let (b0, b1, b2) = (backend("b0"), backend("b1"), backend("b2"));
    let site = Site::over(&[&b0, &b1, &b2]);
    let Some(mut browser) = open(&site, &site.url("app.localhost", "/page")) else { return };
    browser.until("the page is there", &format!("{TEXT} === 'a page of a backend'"));
    browser.value(
        "var names; (async () => { const all = [];
           for (let i = 0; i < 12; i++) all.push(await (await fetch('/name', {cache: 'no-store'})).text());
           names = all; })()",
    );
    browser.until("twelve requests are answered", "names !== undefined");
    let names = browser.value("[...new Set(names)].join()").as_str().unwrap().to_owned();
    assert!(names.len() == 2, "several backends: {names}");
    let cookies = browser.cookies();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let cookie = &cookies[0];
    assert_eq!((&cookie["secure"], &cookie["httpOnly"]), (&json!(true), &json!(true)), "{cookie}");
}

#[test]
fn chromium_opens_no_page_of_an_authority_that_nobody_trusted() {
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let Some(mut browser) = Browser::at_home(site.home(), &site.url("app.localhost", "/page")) else {
        return left_out("there is no Chromium");
    };
    browser.until("it says so", "document.documentElement.innerText.includes('ERR_CERT_AUTHORITY_INVALID')");
    assert!(b0.requests().is_empty());
}
