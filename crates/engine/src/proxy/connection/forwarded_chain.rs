//! What trusted proxies say of a request's way: the chain of its hops, in both spellings.

use std::net::IpAddr;
use stickylb_http1::{FieldKind, RequestHead, is_host, tokens};

/// What trusted proxies say: whom the request comes from, hop by hop, and by what scheme and host the client asked.
#[derive(Default)]
pub(super) struct Chain {
    /// Each hop as `X-Forwarded-For` names it.
    hops: Vec<Vec<u8>>,
    /// Each hop as `Forwarded` names it, where that agrees and need not be the same.
    nodes: Vec<Vec<u8>>,
    /// The values of `X-Forwarded-Proto` and `X-Forwarded-Host`, as they came or as `Forwarded` says them.
    proto: Option<Vec<u8>>,
    host: Option<Vec<u8>>,
    /// `Forwarded` as it came, where it says the same.
    forwarded: Option<Vec<u8>>,
}

/// One hop of `Forwarded` (RFC 7239 4).
pub(super) struct Element<'a> {
    /// Its `for`, quoted where it must be.
    pub(super) node: String,
    pub(super) host: Option<&'a [u8]>,
    pub(super) proto: Option<&'a [u8]>,
}

impl Chain {
    /// Whether any proxy said anything.
    pub(super) fn is_in(head: &RequestHead) -> bool {
        let kinds =
            [FieldKind::Forwarded, FieldKind::XForwardedFor, FieldKind::XForwardedHost, FieldKind::XForwardedProto];
        kinds.into_iter().any(|kind| head.has(kind))
    }

    /// What a request's fields say together.
    pub(super) fn of(head: &RequestHead) -> Self {
        let told = Self::of_forwarded(head);
        let kinds = [FieldKind::XForwardedFor, FieldKind::XForwardedHost, FieldKind::XForwardedProto];
        if !kinds.into_iter().any(|kind| head.has(kind)) {
            return told;
        }
        let hops = head.values(FieldKind::XForwardedFor).flat_map(tokens).filter(|hop| !hop.is_empty());
        let mut chain = Chain {
            hops: hops.map(<[u8]>::to_vec).collect(),
            proto: joined(head, FieldKind::XForwardedProto),
            host: joined(head, FieldKind::XForwardedHost),
            ..Chain::default()
        };
        if chain.hops.is_empty() {
            // Only scheme or host come in that kind.
            chain.hops.clone_from(&told.hops);
        }
        // Where one names more hops than the other, those to the left came from further out, and both may be right.
        let (ours, theirs) = (chain.addresses(), told.addresses());
        let agrees = !theirs.is_empty() && (ours.ends_with(&theirs) || theirs.ends_with(&ours));
        let says = |theirs: &Option<Vec<u8>>, ours: &Option<Vec<u8>>| match (theirs, ours) {
            (Some(theirs), Some(ours)) => first(theirs).eq_ignore_ascii_case(first(ours)),
            (None, Some(_)) => false,
            (_, None) => true,
        };
        if agrees {
            let is_whole = says(&told.proto, &chain.proto) && says(&told.host, &chain.host);
            chain.forwarded = told.forwarded.filter(|_| is_whole);
            chain.nodes = told.hops;
            chain.proto = chain.proto.or(told.proto);
            chain.host = chain.host.or(told.host);
        }
        chain
    }

    /// What `Forwarded` alone says; nothing where it is malformed.
    pub(super) fn of_forwarded(head: &RequestHead) -> Self {
        let Some(line) = joined(head, FieldKind::Forwarded) else { return Chain::default() };
        let Some(elements) = elements(&line) else { return Chain::default() };
        let mut chain = Chain::default();
        for (place, pairs) in elements.into_iter().enumerate() {
            let mut node = None;
            for (name, value) in pairs {
                match name.to_ascii_lowercase().as_slice() {
                    b"for" => node = Some(value),
                    b"proto" if place == 0 => chain.proto = Some(value),
                    b"host" if place == 0 => chain.host = Some(value).filter(|host| is_host(host)),
                    _ => {}
                }
            }
            let node = node.unwrap_or_else(|| b"unknown".to_vec());
            let ip = std::str::from_utf8(&node).ok().and_then(address_of);
            chain.hops.push(ip.map_or(node, |ip| ip.to_string().into_bytes()));
        }
        chain.forwarded = Some(line);
        chain
    }

    /// The address of each hop, where it names one.
    pub(super) fn addresses(&self) -> Vec<Option<IpAddr>> {
        addresses(&self.hops)
    }

    /// Whether the client asked by https; `None` where no proxy says by what.
    pub(super) fn is_https(&self) -> Option<bool> {
        self.proto.as_deref().map(|proto| first(proto).eq_ignore_ascii_case(b"https"))
    }

    /// The host that the client asked for.
    pub(super) fn host(&self) -> Option<&[u8]> {
        self.host.as_deref().map(first).filter(|host| is_host(host))
    }

    /// Writes all of it with one more hop, the peer; `host` is what it asked for itself. Where no proxy says by what scheme the
    /// client asked, it is taken to be that by which the peer did.
    pub(super) fn write(&self, peer: IpAddr, host: Option<&[u8]>, own: Element<'_>, out: &mut Vec<u8>) {
        let Element { node, host: mut own_host, proto: scheme } = own;
        let mut own_proto = scheme;
        let mut line = |name: &str, value: &[u8]| {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        };
        let mut hops = self.hops.clone();
        hops.push(peer.to_string().into_bytes());
        line("x-forwarded-for", &hops.join(b", ".as_slice()));
        let mut forwarded = self.forwarded.clone().unwrap_or_default();
        let proto = self.proto.as_deref().map(first).filter(|proto| is_scheme(proto));
        if self.forwarded.is_none() {
            // What proxies say of scheme and host is the client's, which is the first hop.
            let proto = proto.or(scheme);
            match addresses(if self.nodes.is_empty() { &self.hops } else { &self.nodes }).as_slice() {
                [] => (own_host, own_proto) = (self.host().or(own_host), proto),
                hops => {
                    for (place, hop) in hops.iter().enumerate() {
                        let node = hop.map_or_else(|| "unknown".to_owned(), node_of);
                        let is_first = place == 0;
                        let (host, proto) = if is_first { (self.host(), proto) } else { (None, None) };
                        forwarded.extend_from_slice(if is_first { b"" } else { b", " });
                        write_element(&Element { node, host, proto }, &mut forwarded);
                    }
                }
            }
        }
        forwarded.extend_from_slice(if forwarded.is_empty() { b"" } else { b", " });
        write_element(&Element { node, host: own_host, proto: own_proto }, &mut forwarded);
        line("forwarded", &forwarded);
        line("x-forwarded-proto", self.proto.as_deref().or(scheme).unwrap_or(b"http"));
        if let Some(host) = self.host.as_deref().or(host) {
            line("x-forwarded-host", host);
        }
    }
}

fn addresses(hops: &[Vec<u8>]) -> Vec<Option<IpAddr>> {
    hops.iter().map(|hop| std::str::from_utf8(hop).ok().and_then(address_of)).collect()
}

/// Writes the host of a hop. Hosts hold nothing that would have to be escaped, but colons and brackets, which are no part of a
/// token.
pub(super) fn write_host(host: &[u8], out: &mut Vec<u8>) {
    for part in [b";host=\"".as_slice(), host, b"\""] {
        out.extend_from_slice(part);
    }
}

/// Writes one hop.
fn write_element(element: &Element<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"for=");
    out.extend_from_slice(element.node.as_bytes());
    if let Some(host) = element.host {
        write_host(host, out);
    }
    if let Some(proto) = element.proto {
        out.extend_from_slice(b";proto=");
        out.extend_from_slice(proto);
    }
}

/// An address as proxies write it: bare, or with a port, IPv6 perhaps in brackets.
pub(super) fn address_of(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(hop, |(v6, _)| v6);
    let without_port = || bare.rsplit_once(':').and_then(|(ip, _)| ip.parse().ok());
    bare.parse::<IpAddr>().ok().or_else(without_port).map(|ip| ip.to_canonical())
}

/// An address as a `for` names it (RFC 7239 6).
pub(super) fn node_of(ip: IpAddr) -> String {
    if ip.is_ipv6() { format!("\"[{ip}]\"") } else { ip.to_string() }
}

fn is_scheme(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// The first member of a list: the outermost proxy's.
fn first(list: &[u8]) -> &[u8] {
    tokens(list).next().unwrap_or_default()
}

/// The lines of a field as one; `None` where there is none, or nothing on it.
fn joined(head: &RequestHead, kind: FieldKind) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = head.values(kind).map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join(b", ".as_slice()))
}

/// The names and values of one element.
type Pairs<'a> = Vec<(&'a [u8], Vec<u8>)>;

/// The elements of a `Forwarded`, each with its pairs, unquoted; `None` where it is malformed (RFC 7239 4).
fn elements(line: &[u8]) -> Option<Vec<Pairs<'_>>> {
    let mut elements = vec![Vec::new()];
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        let equals = memchr::memchr(b'=', rest)?;
        let name = rest[..equals].trim_ascii();
        if name.is_empty() || !name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
            return None;
        }
        let (value, after) = value_of(&rest[equals + 1..])?;
        elements.last_mut()?.push((name, value));
        rest = match after.trim_ascii_start() {
            [] => &[],
            [b';', after @ ..] => after.trim_ascii_start(),
            [b',', after @ ..] => {
                elements.push(Vec::new());
                after.trim_ascii_start()
            }
            _ => return None,
        };
    }
    elements.iter().all(|pairs| !pairs.is_empty()).then_some(elements)
}

/// A value, quoted or not, and what follows it.
fn value_of(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|b| matches!(b, b';' | b',')).unwrap_or(text.len());
        let value = text[..end].trim_ascii();
        // Besides those of a token, what an address with a port should be quoted for and often is not.
        let is_good = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:[]".contains(b);
        return (!value.is_empty() && value.iter().all(is_good)).then(|| (value.to_vec(), &text[end..]));
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, &quoted[at + 1..])),
            b'\\' => value.push(*bytes.next()?.1),
            byte => value.push(*byte),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb_http1::{HeadLimits, ReadBuffer};

    fn told(lines: &[&str]) -> String {
        told_by(b"http", lines)
    }

    fn told_by(scheme: &[u8], lines: &[&str]) -> String {
        let mut read_buffer = ReadBuffer::default();
        read_buffer.add(format!("GET / HTTP/1.1\r\n{}\r\n", lines.concat()).as_bytes());
        let head: RequestHead =
            read_buffer.head(&HeadLimits { bytes: 4096, fields: 16 }).expect("a good head").expect("a whole head");
        let peer: IpAddr = "10.0.0.1".parse().expect("an address");
        let own = Element { node: node_of(peer), host: None, proto: Some(scheme) };
        let mut out = Vec::new();
        Chain::of(&head).write(peer, Some(b"lb.example"), own, &mut out);
        String::from_utf8(out).expect("text").replace("\r\n", "|")
    }

    #[test]
    fn what_one_kind_says_is_said_in_the_other() {
        let forwarded = "Forwarded: for=\"[2001:db8::7]:80\";proto=https;host=\"a.example:8443\", for=10.0.0.9\r\n";
        assert_eq!(
            told(&[forwarded]),
            "x-forwarded-for: 2001:db8::7, 10.0.0.9, 10.0.0.1|forwarded: for=\"[2001:db8::7]:80\";proto=https;\
             host=\"a.example:8443\", for=10.0.0.9, for=10.0.0.1;proto=http|x-forwarded-proto: https|\
             x-forwarded-host: a.example:8443|"
        );
        let x = ["X-Forwarded-For: 2001:db8::7\r\n", "X-Forwarded-For: 10.0.0.9\r\n", "X-Forwarded-Proto: https\r\n"];
        assert_eq!(
            told(&x),
            "x-forwarded-for: 2001:db8::7, 10.0.0.9, 10.0.0.1|forwarded: for=\"[2001:db8::7]\";proto=https, \
             for=10.0.0.9, for=10.0.0.1;proto=http|x-forwarded-proto: https|x-forwarded-host: lb.example|"
        );
    }

    #[test]
    fn where_one_names_more_hops_each_keeps_its_own_and_what_only_one_says_is_added() {
        let told = told(&[
            "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nX-Forwarded-Proto: https\r\nForwarded: for=203.0.113.9\r\n",
        ]);
        assert!(told.starts_with("x-forwarded-for: 6.6.6.6, 203.0.113.9, 10.0.0.1|"), "{told}");
        assert!(told.contains("|forwarded: for=203.0.113.9;proto=https, for=10.0.0.1;proto=http|"), "{told}");
    }

    #[test]
    fn what_is_said_in_either_kind_alone_is_said_in_both() {
        let told_in_forwarded =
            told(&["X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9;proto=https;host=a.example\r\n"]);
        let told_in_both = told(&["Forwarded: for=203.0.113.9;host=a.example\r\nX-Forwarded-Proto: https\r\n"]);
        for told in [told_in_forwarded, told_in_both] {
            assert!(told.starts_with("x-forwarded-for: 203.0.113.9, 10.0.0.1|forwarded: for=203.0.113.9;"), "{told}");
            assert!(told.ends_with("|x-forwarded-proto: https|x-forwarded-host: a.example|"), "{told}");
            let forwarded = told.split('|').nth(1).expect("Forwarded");
            assert!(forwarded.contains("proto=https") && forwarded.contains("a.example"), "{told}");
        }
    }

    #[test]
    fn where_they_disagree_the_one_that_proxies_write_most_is_believed() {
        let forged = "Forwarded: for=6.6.6.6;proto=http\r\n";
        let told = told(&[forged, "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"]);
        assert!(!told.contains("6.6.6.6"), "{told}");
        assert!(told.contains("forwarded: for=203.0.113.9;proto=https, for=10.0.0.1;proto=http|"), "{told}");
    }

    #[test]
    fn scheme_and_host_alone_are_the_peers() {
        let told = told(&["X-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\n"]);
        assert!(told.contains("|forwarded: for=10.0.0.1;host=\"a.example\";proto=https|"), "{told}");
    }

    #[test]
    fn a_proxy_that_comes_by_https_and_says_no_scheme_speaks_of_an_https_client() {
        assert_eq!(
            told_by(b"https", &["X-Forwarded-For: 203.0.113.9\r\n"]),
            "x-forwarded-for: 203.0.113.9, 10.0.0.1|forwarded: for=203.0.113.9;proto=https, for=10.0.0.1;proto=https|\
             x-forwarded-proto: https|x-forwarded-host: lb.example|"
        );
        let plain = told_by(b"https", &["X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\n"]);
        assert!(
            plain.contains("for=203.0.113.9;proto=http, for=10.0.0.1;proto=https|x-forwarded-proto: http|"),
            "{plain}"
        );
    }

    #[test]
    fn garbage_breaks_no_line_and_says_nothing() {
        for garbage in ["for", "for=", "=1", "for=\"a", "for=1.1.1.1 x", ";", ",", "for=1,,for=2", "a b=c"] {
            let told = told(&[&format!("Forwarded: {garbage}\r\n")]);
            assert!(
                told.starts_with("x-forwarded-for: 10.0.0.1|forwarded: for=10.0.0.1;proto=http|"),
                "{garbage}: {told}"
            );
        }
        let told = told(&["X-Forwarded-For: unknown, \"x\"\r\nX-Forwarded-Proto: a\"b\r\nX-Forwarded-Host: a b\r\n"]);
        assert!(told.contains("|forwarded: for=unknown;proto=http, for=unknown, for=10.0.0.1;proto=http|"), "{told}");
    }
}
