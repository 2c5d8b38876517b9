//! Who may pull.

use manifests::fake::FakeBundle;
use registry::server::Transport;

use crate::site::{TestSite, run};

fn site() -> TestSite {
    TestSite::with(&[FakeBundle::small()], |config| config.transport = Transport::Plain)
}

#[test]
fn without_credentials_only_health_and_the_ca_are_there() {
    let site = site();
    for path in
        ["/v2/", "/v2/library/nginx/manifests/1.27", "/", "/metrics", "/charts/index.yaml", "/files/tools/bin/tool"]
    {
        let answer = site.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("WWW-Authenticate").unwrap().starts_with("Basic realm="), "{path}");
        assert_eq!(answer.code(), "UNAUTHORIZED");
    }
    assert_eq!((site.get("/healthz").status, site.get("/healthz").text().as_str()), (200, "ok\n"));
}

#[test]
fn the_generated_credentials_open_everything() {
    let site = site();
    let (user, password) = site.credentials();
    let url = |path: &str| format!("http://{}{path}", site.address);
    let curl =
        |user: &str, path: &str| run("curl", &["-s", "-u", user, "-o", "/dev/null", "-w", "%{http_code}", &url(path)]);
    let good = format!("{user}:{password}");
    for path in
        ["/v2/", "/v2/library/nginx/manifests/1.27", "/", "/metrics", "/charts/index.yaml", "/files/tools/bin/tool"]
    {
        assert_eq!(curl(&good, path), "200", "{path}");
    }
    assert_eq!(curl(&format!("{user}:wrong"), "/v2/"), "401");
    assert_eq!(curl("nobody:wrong", "/v2/"), "401");
}

#[test]
fn a_user_added_with_htpasswd_is_known_at_once() {
    let site = site();
    let file = site.folder.path().join("auth/htpasswd");
    run("htpasswd", &["-b", "-B", &file.display().to_string(), "ci", "secret"]);
    site.reload();
    let url = format!("http://{}/v2/", site.address);
    let ask = || run("curl", &["-s", "-u", "ci:secret", "-o", "/dev/null", "-w", "%{http_code}", &url]);
    let known = (0..9).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        ask() == "200"
    });
    assert!(known);
}
