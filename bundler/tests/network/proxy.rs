//! Proxies, as the environment names them. The environment belongs to a process, so this test starts itself again.

use std::process::Command;

use bundler::http::{Request, Settings};

use crate::fixtures::{client, settings};
use crate::server::{Reply, Server};

/// Set for the second process.
const MARK: &str = "AIRGAP_TEST_BEHIND_PROXY";

#[tokio::test]
async fn requests_go_through_the_proxy_of_the_environment() {
    if let Some(direct) = std::env::var_os(MARK) {
        let client = client(Settings { use_proxies: true, ..settings() });
        for url in ["http://upstream.invalid/file", direct.to_str().unwrap()] {
            client.get_small(&Request::get(url.parse().unwrap()), 100).await.unwrap();
        }
        return;
    }
    let proxy = Server::start(|_, _| Reply::ok("content")).await;
    let direct = Server::start(|_, _| Reply::ok("content")).await;
    let url = direct.url("/near").to_string();
    let (address, arguments) =
        (proxy.address.clone(), ["--exact", "proxy::requests_go_through_the_proxy_of_the_environment"]);
    let child = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args(arguments)
            .env(MARK, url)
            .env("http_proxy", format!("http://user:hunter2@{address}"))
            .env("no_proxy", "127.0.0.1")
            .env_remove("all_proxy")
            .output()
            .unwrap()
    });
    let output = child.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(proxy.targets(), ["GET http://upstream.invalid/file"]);
    assert_eq!(proxy.received()[0].header("proxy-authorization"), Some("Basic dXNlcjpodW50ZXIy"));
    assert_eq!(direct.targets(), ["GET /near"]);
}
