//! Downloads over bad networks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bundler::content::BundleSink;
use bundler::http::{Auth, Authorization, Client, Download, FetchError, MemorySink, Patience, Request, Settings, Sink};
use manifests::Digest;
use manifests::bundle::{BundleWriter, Plan};
use manifests::document::{Blob, Encoding};
use tokio_util::sync::CancellationToken;

use crate::fixtures::{NoWait, client, content, download, impatient, report, settings};
use crate::server::{Reply, Server};

#[tokio::test]
async fn a_cut_download_goes_on_where_it_was() {
    let body = content(300_000);
    let sent = body.clone();
    let server = Server::start(move |request, before| {
        let reply = Reply::ranged(request, &sent).with("etag", "\"v1\"");
        match before {
            0 => reply.cut_after(100_000),
            1 => reply.cut_after(50_000),
            _ => reply,
        }
    })
    .await;
    let (wanted, sink) = download(server.url("/blob"), &body);
    let got = client(settings()).download(&wanted, sink).await.unwrap();
    assert!(got.into_bytes() == body);
    let ranges: Vec<_> = server.received().iter().map(|request| request.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, [None, Some("bytes=100000-".to_owned()), Some("bytes=150000-".to_owned())]);
    assert_eq!(server.received()[1].header("if-range"), Some("\"v1\""));
}

#[tokio::test]
async fn a_server_that_ignores_ranges_is_read_from_the_start() {
    let body = content(200_000);
    let sent = body.clone();
    let server = Server::start(move |_, before| {
        let reply = Reply::ok(sent.clone());
        if before == 0 { reply.cut_after(70_000) } else { reply }
    })
    .await;
    let (wanted, sink) = download(server.url("/blob"), &body);
    let got = client(settings()).download(&wanted, sink).await.unwrap();
    assert!(got.into_bytes() == body);
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn another_range_than_asked_for_is_not_used() {
    let body = content(200_000);
    let sent = body.clone();
    let server = Server::start(move |_, before| match before {
        0 => Reply::ok(sent.clone()).cut_after(70_000),
        1 => Reply::new(206, sent[60_000..].to_vec()).with("content-range", "bytes 60000-199999/200000"),
        _ => Reply::ok(sent.clone()),
    })
    .await;
    let (wanted, sink) = download(server.url("/blob"), &body);
    let got = client(settings()).download(&wanted, sink).await.unwrap();
    assert!(got.into_bytes() == body);
    assert_eq!(server.received()[2].header("range"), None);
}

#[tokio::test]
async fn two_answers_are_put_together_only_when_something_ties_them() {
    let sent = content(1000);
    let body = sent.clone();
    let server = Server::start(move |request, before| {
        let reply = Reply::ranged(request, &sent);
        if before == 0 { reply.cut_after(10) } else { reply }
    })
    .await;
    let wanted = Download { request: Request::get(server.url("/chart.tgz")), size: None, verified: false };
    let got = client(settings()).download(&wanted, MemorySink::new(2000, None)).await.unwrap();
    assert!(got.into_bytes() == body);
    assert_eq!(server.received()[1].header("range"), None);
}

#[tokio::test]
async fn wrong_bytes_are_fetched_once_more_and_never_kept() {
    let body = content(5000);
    let (good, mut wrong) = (body.clone(), body.clone());
    wrong[2500] ^= 1;
    let bad = wrong.clone();
    let server = Server::start(move |_, before| Reply::ok(if before == 0 { bad.clone() } else { good.clone() })).await;
    let (wanted, sink) = download(server.url("/blob"), &body);
    assert!(client(settings()).download(&wanted, sink).await.unwrap().into_bytes() == body);

    let server = Server::start(move |_, _| Reply::ok(wrong.clone())).await;
    let (wanted, sink) = download(server.url("/blob"), &body);
    let error = client(settings()).download(&wanted, sink).await.unwrap_err();
    assert!(matches!(error, FetchError::Content { .. }), "{error:?}");
    assert!(report(&error).contains("does not hold what it should: expected sha256:"), "{}", report(&error));
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn another_length_than_expected_is_noticed() {
    let body = content(5000);
    for (reply, seen) in [
        (Reply::ok(content(4000)), "4000 bytes long, but 5000 were expected"),
        (Reply::ok(content(6000)), "6000 bytes long, but 5000 were expected"),
        // Without a length in front: too long shows on the way, too short at the end.
        (
            Reply::ok([&b"1388\r\n"[..], &body, b"\r\n3\r\nabc\r\n0\r\n\r\n"].concat())
                .with("transfer-encoding", "chunked"),
            "5003 bytes long, but 5000 were expected",
        ),
    ] {
        let server = Server::start(move |_, _| reply.clone()).await;
        let (wanted, sink) = download(server.url("/blob"), &body);
        let error = client(settings()).download(&wanted, sink).await.unwrap_err();
        assert!(report(&error).contains(seen), "{}", report(&error));
    }
}

#[tokio::test]
async fn a_stalled_download_is_noticed_and_goes_on() {
    let body = content(100_000);
    let sent = body.clone();
    let server = Server::start(move |request, before| {
        let reply = Reply::ranged(request, &sent);
        if before == 0 { reply.stall_after(40_000) } else { reply }
    })
    .await;
    let (wanted, sink) = download(server.url("/blob"), &body);
    assert!(client(impatient()).download(&wanted, sink).await.unwrap().into_bytes() == body);
    assert_eq!(server.received()[1].header("range"), Some("bytes=40000-"));
}

#[tokio::test]
async fn a_download_that_only_drips_is_a_stalled_one() {
    let body = content(50_000);
    let sent = body.clone();
    let server = Server::start(move |request, before| {
        let reply = Reply::ranged(request, &sent);
        if before == 0 { reply.drip_after(10, Duration::from_millis(50)) } else { reply }
    })
    .await;
    let (wanted, sink) = download(server.url("/blob"), &body);
    let patience = Patience { silence: Duration::from_secs(1), slowest: 1000, ..Patience::default() };
    let got = client(Settings { patience, ..settings() }).download(&wanted, sink).await.unwrap();
    assert!(got.into_bytes() == body);
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_busy_server_is_given_the_time_it_asks_for() {
    let server = Server::start(|_, before| match before {
        0 => Reply::new(429, "slow down").with("retry-after", "7"),
        1 => Reply::new(503, ""),
        _ => Reply::ok("done"),
    })
    .await;
    let pace = Arc::new(NoWait::default());
    let settings = Settings { pace: pace.clone(), ..settings() };
    let got = client(settings).get_small(&Request::get(server.url("/")), 100).await.unwrap();
    assert_eq!(got.bytes, "done");
    let pauses = pace.pauses();
    assert_eq!(pauses[0], Duration::from_millis(7250), "{pauses:?}");
    assert!(pauses.contains(&Duration::from_millis(500)), "{pauses:?}");
}

#[tokio::test]
async fn attempts_end_and_the_last_failure_is_told() {
    let server = Server::start(|_, _| Reply::new(502, "upstream is down")).await;
    let error = client(settings()).get_small(&Request::get(server.url("/x")), 100).await.unwrap_err();
    let expected =
        format!("gave up after 6 attempts: GET http://{}/x answered 502 Bad Gateway: upstream is down", server.address);
    assert_eq!(report(&error), expected);
    assert_eq!(server.received().len(), 6);
}

#[tokio::test]
async fn what_will_not_get_better_is_not_tried_again() {
    for status in [400, 403, 404, 410, 501] {
        let server = Server::start(move |_, _| Reply::new(status, "")).await;
        let error = client(settings()).get_small(&Request::get(server.url("/")), 100).await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(server.received().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_small_answer_stays_small() {
    let server = Server::start(|request, _| match request.path() {
        "/announced" => Reply::ok(content(5000)),
        _ => Reply::ok([&b"1388\r\n"[..], &content(5000), b"\r\n0\r\n\r\n"].concat())
            .with("transfer-encoding", "chunked"),
    })
    .await;
    for path in ["/announced", "/chunked"] {
        let error = client(settings()).get_small(&Request::get(server.url(path)), 4999).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn authorization_stays_at_its_origin() {
    let elsewhere = Server::start(|_, _| Reply::ok("content")).await;
    let target = format!("http://{}/signed?X-Amz-Signature=1", elsewhere.address);
    let home = Server::start(move |request, _| match request.path() {
        "/start" => Reply::redirect(302, "/middle"),
        _ => Reply::redirect(307, &target),
    })
    .await;
    let auth = Auth::Fixed(Authorization::basic("user", "hunter2"));
    let request = Request::get(home.url("/start")).auth(auth);
    assert_eq!(client(settings()).get_small(&request, 100).await.unwrap().bytes, "content");
    assert!(home.received().iter().all(|request| request.header("authorization").is_some()));
    assert_eq!(elsewhere.received().len(), 1);
    assert_eq!(elsewhere.received()[0].header("authorization"), None);
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start(|_, _| Reply::redirect(302, "/again")).await;
    let error = client(settings()).get_small(&Request::get(server.url("/")), 100).await.unwrap_err();
    assert!(report(&error).contains("one redirect too many"), "{}", report(&error));
    assert_eq!(server.received().len(), 11);
}

#[tokio::test]
async fn cancelling_ends_a_stalled_download_at_once() {
    let body = content(1000);
    let sent = body.clone();
    let server = Server::start(move |_, _| Reply::ok(sent.clone()).stall_after(10)).await;
    let cancel = CancellationToken::new();
    let client = Client::new(settings(), cancel.clone()).unwrap();
    let (wanted, sink) = download(server.url("/blob"), &body);
    let running = tokio::spawn(async move { client.download(&wanted, sink).await });
    while server.received().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    cancel.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(1), running).await.expect("it ends within a second");
    assert!(matches!(ended.unwrap(), Err(FetchError::Cancelled)));
}

#[tokio::test]
async fn the_deadline_ends_everything() {
    let server = Server::start(|_, _| Reply::ok("content").stall_after(2)).await;
    let deadline = Some(Instant::now() + Duration::from_millis(200));
    let client = client(Settings { deadline, ..settings() });
    let error = client.get_small(&Request::get(server.url("/")), 100).await.unwrap_err();
    assert!(matches!(error, FetchError::Deadline { source: None, .. }), "{error:?}");
}

#[tokio::test]
async fn a_deadline_that_passes_between_attempts_tells_how_the_last_one_failed() {
    let server = Server::start(|_, _| Reply::new(503, "busy").with("retry-after", "30")).await;
    let deadline = Some(Instant::now() + Duration::from_millis(500));
    let client = client(Settings { deadline, use_proxies: false, ..Settings::default() });
    let error = client.get_small(&Request::get(server.url("/x")), 100).await.unwrap_err();
    let text = report(&error);
    assert!(text.contains("the deadline has passed while waiting for") && text.contains("503"), "{text}");
}

#[tokio::test]
async fn no_more_requests_run_at_one_host_than_are_allowed() {
    let (running, most) = (Arc::new(std::sync::Mutex::new(0_u32)), Arc::new(std::sync::Mutex::new(0_u32)));
    let (counter, peak) = (Arc::clone(&running), Arc::clone(&most));
    let server = Server::start(move |_, _| {
        let mut now = counter.lock().unwrap();
        *now += 1;
        let mut peak = peak.lock().unwrap();
        *peak = (*peak).max(*now);
        Reply::ok("content").drip_after(3, Duration::from_millis(5))
    })
    .await;
    let client = client(Settings { concurrency_per_host: 2, ..settings() });
    let requests = (0..8).map(|at| {
        let (client, url, running) = (client.clone(), server.url(&format!("/{at}")), Arc::clone(&running));
        async move {
            client.get_small(&Request::get(url), 100).await.unwrap();
            *running.lock().unwrap() -= 1;
        }
    });
    futures_util::future::join_all(requests).await;
    assert!((1..=2).contains(&*most.lock().unwrap()));
}

#[tokio::test]
async fn a_refused_connection_says_where_and_what_to_check() {
    let port = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
    let url = format!("http://127.0.0.1:{port}/x").parse().unwrap();
    let error = client(settings()).get_small(&Request::get(url), 100).await.unwrap_err();
    let text = report(&error);
    let expected =
        format!("can't connect to http://127.0.0.1:{port}/x: Connection refused (os error 111) [check the name");
    assert!(text.contains(&expected) && text.contains("HTTPS_PROXY"), "{text}");
}

/// A bundle of one raw blob, half of which an earlier build has written.
#[tokio::test]
async fn a_killed_build_goes_on_in_the_middle_of_a_blob() {
    let body = content(12_000_000);
    let blob = Blob { digest: Digest::of(&body), size: body.len() as u64, encoding: Encoding::Raw };
    let name = "demo".parse().unwrap();
    let plan =
        Plan::new(name, "1.0.0".parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap(), vec![], vec![blob], None);
    let plan = plan.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.tar.zst");
    let writer = BundleWriter::create(&path, &plan, None).unwrap();
    let mut sink = writer.sink(&blob.digest).unwrap();
    std::io::Write::write_all(&mut sink, &body[..9_000_000]).unwrap();
    drop((sink, writer));

    let sent = body.clone();
    let server = Server::start(move |request, _| Reply::ranged(request, &sent)).await;
    let writer = Arc::new(BundleWriter::create(&path, &plan, None).unwrap());
    let sink = BundleSink::open(Arc::clone(&writer), blob.digest).unwrap();
    let position = Sink::position(&sink);
    assert!(position > 0, "the frames that were whole are kept");
    let (wanted, _) = download(server.url("/blob"), &body);
    drop(client(settings()).download(&wanted, sink).await.unwrap());
    assert_eq!(server.received()[0].header("range"), Some(&*format!("bytes={position}-")));
    assert!(writer.pending_raw().is_empty());
}

#[tokio::test]
async fn wrong_bytes_leave_the_place_in_the_bundle_free() {
    let body = content(100_000);
    let blob = Blob { digest: Digest::of(&body), size: body.len() as u64, encoding: Encoding::Raw };
    let name = "demo".parse().unwrap();
    let plan =
        Plan::new(name, "1.0.0".parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap(), vec![], vec![blob], None);
    let folder = tempfile::tempdir().unwrap();
    let writer = BundleWriter::create(&folder.path().join("demo.tar.zst"), &plan.unwrap(), None).unwrap();
    let writer = Arc::new(writer);
    let sent = body.clone();
    let server =
        Server::start(move |_, before| Reply::ok(if before == 0 { vec![0; 100_000] } else { sent.clone() })).await;
    let sink = BundleSink::open(Arc::clone(&writer), blob.digest).unwrap();
    let (wanted, _) = download(server.url("/blob"), &body);
    drop(client(settings()).download(&wanted, sink).await.unwrap());
    assert_eq!(server.received().len(), 2);
    assert!(writer.pending_raw().is_empty());
}
