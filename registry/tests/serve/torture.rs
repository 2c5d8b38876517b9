//! Clients that are slow, broken or hostile.

use std::time::Duration;

use manifests::fake::FakeBundle;
use registry::http::Limits;
use registry::server::{Access, Transport};

use crate::content::noise;
use crate::site::TestSite;

const PATH: &str = "/v2/library/nginx/manifests/1.27";

fn limited(change: impl FnOnce(&mut Limits)) -> TestSite {
    let large = noise(5, 20_000_000);
    let bundle = FakeBundle::small().files("big", &[("big.gz", &large)]);
    TestSite::with(&[bundle], |config| {
        config.transport = Transport::Plain;
        config.access = Access::Anonymous;
        change(&mut config.limits);
    })
}

#[test]
fn a_request_may_come_in_any_pieces() {
    let site = limited(|_| {});
    let mut connection = site.connect();
    for byte in format!("GET {PATH} HTTP/1.1\r\nHost: test\r\n\r\n").bytes() {
        connection.send([byte]);
    }
    assert_eq!(connection.answer(false).status, 200);
}

#[test]
fn requests_that_come_at_once_are_answered_in_their_order() {
    let site = limited(|_| {});
    let mut connection = site.connect();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
    let with_body = "POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nGET /";
    connection.send(format!(
        "{}{}{with_body}HEAD {PATH} HTTP/1.1\r\nHost: test\r\n\r\n{}",
        get(PATH),
        get("/none"),
        get("/healthz")
    ));
    assert_eq!(connection.answer(false).status, 200);
    assert_eq!(connection.answer(false).status, 404);
    assert_eq!(connection.answer(false).status, 405);
    assert_eq!(connection.answer(true).status, 200);
    assert_eq!(connection.answer(false).text(), "ok\n");
}

#[test]
fn a_connection_is_kept_or_closed_as_the_client_says() {
    let site = limited(|_| {});
    let mut connection = site.connect();
    assert_eq!(connection.get(PATH, "").header("Connection"), Some("keep-alive"));
    assert_eq!(connection.get(PATH, "Connection: close\r\n").header("Connection"), Some("close"));
    assert!(connection.is_closed());
    let mut old = site.connect();
    old.send(format!("GET {PATH} HTTP/1.0\r\n\r\n"));
    assert_eq!(old.answer(false).status, 200);
    assert!(old.is_closed());
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_closed() {
    let site = limited(|_| {});
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), 400),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(10_000)), 414),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(100)), 431),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(20_000)), 431),
        ("GET / HTTP/3.0\r\nHost: a\r\n\r\n".to_owned(), 505),
    ] {
        let mut connection = site.connect();
        connection.send(&request);
        let answer = connection.answer(false);
        assert_eq!((answer.status, answer.header("Connection")), (status, Some("close")), "{request:.60}");
        assert!(connection.is_closed());
    }
    assert_eq!(site.get(PATH).status, 200);
}

#[test]
fn bodies_that_nobody_wants_do_not_confuse_the_connection() {
    let site = limited(|_| {});
    let chunked =
        "PUT /v2/a/manifests/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n";
    let waits = "PUT /v2/a/manifests/b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let large = "PUT /v2/a/manifests/b HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n";
    for request in [chunked, waits, large] {
        let mut connection = site.connect();
        connection.send(request);
        let answer = connection.answer(false);
        assert_eq!((answer.status, answer.header("Connection")), (405, Some("close")), "{request}");
        assert!(connection.is_closed());
    }
}

#[test]
fn other_methods_and_odd_targets_have_an_answer() {
    let site = limited(|_| {});
    for (method, path, status) in [
        ("POST", "/", 405),
        ("DELETE", "/files/tools/bin/tool", 405),
        ("OPTIONS", "*", 405),
        ("TRACE", "/healthz", 405),
        ("GET", "http://test/healthz", 200),
        ("GET", "/healthz?x=%zz", 200),
        ("GET", "/%", 404),
        ("GET", "//", 404),
        ("GET", "/v2/%00/tags/list", 400),
        ("GET", "/files/%ff/", 404),
    ] {
        assert_eq!(site.other(method, path).status, status, "{method} {path}");
    }
}

#[test]
fn a_head_that_drips_is_cut_off() {
    let site = limited(|limits| limits.head_timeout = Duration::from_millis(300));
    let mut connection = site.connect();
    connection.send("GET / HT");
    assert!(connection.is_closed());
    // Also one that never stops to come.
    let mut connection = site.connect();
    let cut = (0..10_000).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        !connection.try_send("G")
    });
    assert!(cut);
}

#[test]
fn an_idle_connection_is_closed() {
    let site = limited(|limits| limits.idle_timeout = Duration::from_millis(200));
    let mut connection = site.connect();
    assert_eq!(connection.get(PATH, "").status, 200);
    assert!(connection.is_closed());
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let site = limited(|limits| limits.stall_timeout = Duration::from_millis(300));
    let mut connection = site.connect();
    connection.send("GET /files/big/big.gz HTTP/1.1\r\nHost: test\r\n\r\n");
    let cut = (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        site.get("/metrics").text().contains("airgap_http_connections 1\n")
    });
    assert!(cut, "{}", site.get("/metrics").text());
}

#[test]
fn one_address_can_not_take_all_connections() {
    let site = limited(|limits| limits.connections_per_peer = 3);
    let mut open: Vec<_> = (0..3).map(|_| site.connect()).collect();
    for connection in &mut open {
        assert_eq!(connection.get("/healthz", "").status, 200);
    }
    assert!(site.connect().is_closed());
    drop(open.pop());
    let back = (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let mut connection = site.connect();
        connection.try_send("GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n") && !connection.is_closed()
    });
    assert!(back);
}

#[test]
fn a_drain_ends_idle_connections_and_lets_responses_finish() {
    let mut site = limited(|_| {});
    let mut idle = site.connect();
    assert_eq!(idle.get("/healthz", "").status, 200);
    let mut busy = site.connect();
    busy.send("GET /files/big/big.gz HTTP/1.1\r\nHost: test\r\n\r\n");
    busy.wait_for_head();
    let address = site.address;
    let (answer, cut) = std::thread::scope(|scope| {
        let drain = scope.spawn(|| site.drain(Duration::from_secs(60)));
        // Only once the server takes no more is the rest read.
        while std::net::TcpStream::connect(address).is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
        (busy.answer(false), drain.join().unwrap())
    });
    assert_eq!((answer.status, answer.body.len(), cut), (200, 20_000_000, 0));
    assert!(idle.is_closed() && busy.is_closed());
}

#[test]
fn a_drain_has_an_end() {
    let mut site = limited(|_| {});
    let mut stuck = site.connect();
    // This client never reads, so that its response can't end.
    stuck.send("GET /files/big/big.gz HTTP/1.1\r\nHost: test\r\n\r\n");
    stuck.wait_for_head();
    assert_eq!(site.drain(Duration::from_millis(300)), 1);
}
