//! What of a text is hidden.

use super::*;

fn hidden(text: &str) -> String {
    String::from_utf8(masked(text.as_bytes(), |_| "*".to_owned()).into_owned()).expect("text")
}

#[test]
fn the_values_of_secret_fields_are_hidden_in_json() {
    for (text, shown) in [
        (r#"{"user":"bob","password":"a\"b","n":1}"#, r#"{"user":"bob","password":"*","n":1}"#),
        (r#"{"api_key" : 12345, "ok": true}"#, r#"{"api_key" : *, "ok": true}"#),
        ("{\n  \"accessToken\":\n \"x\"\n}", "{\n  \"accessToken\":\n \"*\"\n}"),
        (r#"{"credentials":{"user":"]","key":"x"},"b":[1]}"#, r#"{"credentials":*,"b":[1]}"#),
        (r#"{"pa\u0073sword":"x"}"#, r#"{"pa\u0073sword":"*"}"#),
        (r#"{"inner":"{\"token\":\"x\",\"a\":1}"}"#, r#"{"inner":"{\"token\":\"*\",\"a\":1}"}"#),
        (r#"{"password":"cut in the mid"#, r#"{"password":"*"#),
        (r#"{"note":"token: a,b","n":1}"#, r#"{"note":"token: *","n":1}"#),
        (r#"{"inner":"{\"note\":\"pin: a,b\",\"n\":1}"}"#, r#"{"inner":"{\"note\":\"pin: *\",\"n\":1}"}"#),
        (r#"{"inner":"{\u0022pin\u0022:12,34}","n":1}"#, r#"{"inner":"{*","n":1}"#),
        (r#"{"to":"/a?b=1\u0026token=x,y","n":1}"#, r#"{"to":"/a?b=1\u0026token=*","n":1}"#),
        (
            r#"{"token":null,"author":"ann","authenticated":true}"#,
            r#"{"token":null,"author":"ann","authenticated":true}"#,
        ),
    ] {
        assert_eq!(hidden(text), shown);
    }
}

#[test]
fn and_in_forms_queries_xml_and_lines() {
    for (text, shown) in [
        ("user=bob&password=a%20b&c=d", "user=bob&password=*&c=d"),
        ("user%5Bpassword%5D=x&user[pwd]=y", "user%5Bpassword%5D=*&user[pwd]=*"),
        ("/login?token=abc&x=1", "/login?token=*&x=1"),
        (
            "<user><password kind='a'>x</password><name>bob</name></user>",
            "<user><password kind='a'>*</password><name>bob</name></user>",
        ),
        ("<a secret=\"x y\" b='c'/>", "<a secret=\"*\" b='c'/>"),
        ("DB_PASSWORD=x\nHOST=y\n", "DB_PASSWORD=*\nHOST=y\n"),
        ("password: x y\nuser: bob", "password: *\nuser: bob"),
        ("password: p,w}]<\r\nuser: \"bob\"", "password: *\r\nuser: \"bob\""),
        ("password=hunter'2", "password=*"),
        ("password='hunt'er,2;<>&a=b", "password=*&a=b"),
        ("a=b&password=h,u;n<t>e'r&c=d", "a=b&password=*&c=d"),
        ("<a secret='x'/><b c='d'/>", "<a secret='*'/><b c='d'/>"),
    ] {
        assert_eq!(hidden(text), shown);
    }
}

#[test]
fn and_in_what_is_coded_which_is_hidden_whole() {
    for (text, shown) in [
        ("payload=%7B%22token%22%3A%22x%22%7D", "payload=*"),
        ("a=1&payload=%7B%22pin%22%3A+%22it's,1%22%7D&b=2", "a=1&payload=*&b=2"),
        ("next=%2Fcb%3Fa%3D1%26token%3Dx&b=2", "next=*&b=2"),
        ("next=%252Fcb%253Ftoken%253Dx", "next=*"),
        ("payload=%7B%22name%22%3A%22x%22%7D&next=%2Fsession", "payload=%7B%22name%22%3A%22x%22%7D&next=%2Fsession"),
    ] {
        assert_eq!(hidden(text), shown);
    }
}

#[test]
fn a_long_head_of_a_part_is_hidden_with_its_value() {
    let long = "x".repeat(2 * NEAR);
    let form = format!("Content-Disposition: form-data; name=\"token\"; filename=\"{long}\"\r\n\r\nhunter2\r\n--b");
    assert_eq!(hidden(&form), "Content-Disposition: form-data; name=\"token*\r\n--b");
}

#[test]
fn and_in_multipart_forms_also_between_bytes_that_are_no_text() {
    let form = b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\xff\x00\r\n--b\r\n\
        Content-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\nmore\r\n--b--\r\n";
    let shown = masked(form, |length| format!("({length})"));
    assert!(shown.ends_with(b"name=\"password\"\r\n\r\n(13)\r\n--b--\r\n"), "{}", shown.escape_ascii());
    assert!(shown.windows(2).any(|bytes| bytes == b"\xff\x00"));
}

#[test]
fn any_bytes_are_taken_without_a_panic() {
    let words: [&[u8]; 17] = [
        b"password",
        b"\"",
        b"\\",
        b":",
        b"=",
        b"{",
        b"}",
        b"]",
        b"<",
        b">",
        b"form-data; name=",
        b"\r\n\r\n",
        b"\\u00",
        b"\xff",
        b"%22",
        b"'",
        b"&",
    ];
    let mut seed = 7_usize;
    for _ in 0..20_000 {
        let mut text = Vec::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.extend_from_slice(words[(seed >> 33) % words.len()]);
        }
        let found = find(&text);
        assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start), "{}", text.escape_ascii());
    }
}
