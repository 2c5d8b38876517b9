//! Passwords and tokens show up nowhere.

use std::io::Write;
use std::sync::{Arc, Mutex};

use bundler::http::{Client, Request};
use tracing_subscriber::fmt::MakeWriter;

use crate::fixtures::{report, settings};
use crate::server::{Reply, Server};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that is logged, by whatever library, while one request fails in several ways.
#[test]
fn errors_and_the_most_talkative_log_hold_no_password() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let errors = tracing::subscriber::with_default(subscriber, || runtime.block_on(fail()));
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("trying again") && log.contains("redirected"), "the log is on:\n{log}");
    for text in [log, errors] {
        for secret in ["hunter2", "dXNlcjpodW50ZXIy", "s1gnature"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

async fn fail() -> String {
    let elsewhere = Server::start(|request, _| {
        assert_eq!(request.header("authorization"), None);
        Reply::new(503, "try later")
    })
    .await;
    let target = format!("http://evil:hunter2@{}/file?X-Amz-Signature=s1gnature", elsewhere.address);
    let server = Server::start(move |request, _| match request.path() {
        "/moved" => Reply::redirect(302, &target),
        // A server that says what it was sent.
        _ => Reply::new(403, format!("no: user hunter2 {}", request.header("authorization").unwrap())),
    })
    .await;
    let client: Client = crate::fixtures::client(settings());
    let mut errors = String::new();
    for path in ["/moved", "/echo?token=s1gnature"] {
        let url = format!("http://user:hunter2@{}{path}", server.address).parse().unwrap();
        let error = client.get_small(&Request::get(url), 100).await.unwrap_err();
        errors.push_str(&format!("{} {error:?}\n", report(&error)));
    }
    assert!(errors.contains("no: user *** Basic ***"), "{errors}");
    let closed = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let url = format!("http://user:hunter2@{closed}/?token=s1gnature").parse().unwrap();
    let error = client.get_small(&Request::get(url), 100).await.unwrap_err();
    errors.push_str(&format!("{} {error:?}\n", report(&error)));
    errors
}
