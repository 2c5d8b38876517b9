//! What people and monitoring see.

use manifests::fake::{FakeBundle, SIGNER};

use crate::site::{TestSite, run};

#[test]
fn the_status_page_tells_what_is_served_and_how_to_use_it() {
    let site = TestSite::plain(&[FakeBundle::small()]);
    let page = site.get("/");
    assert!(page.header("Content-Type").unwrap().starts_with("text/html"));
    let text = page.text();
    for part in
        ["demo", "1.0.0", SIGNER, "docker.io/library/nginx", "1.27", "hosts.toml", "helm repo add", "curl --cacert"]
    {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains("<script"));
}

#[test]
fn the_status_page_says_how_to_log_in_where_that_is_asked_for_and_tells_no_password() {
    let site = TestSite::secure(&[FakeBundle::small()]);
    let (user, password) = site.credentials();
    let url = format!("https://{}/", site.address);
    let page =
        run("curl", &["-sS", "--fail", "--cacert", &site.ca_file(), "--user", &format!("{user}:{password}"), &url]);
    for part in ["authorization = &quot;Basic &lt;base64 of USER:PASSWORD&gt;", "airgap-install snippets containerd"] {
        assert!(page.contains(part), "{part} in\n{page}");
    }
    assert!(!page.contains(&password));
    let open = TestSite::plain(&[FakeBundle::small()]).get("/").text();
    assert!(!open.contains("authorization"), "{open}");
}

#[test]
fn metrics_count_requests_and_bytes() {
    let site = TestSite::plain(&[FakeBundle::small()]);
    let mut connection = site.connect();
    let size = connection.get("/v2/library/nginx/manifests/1.27", "").body.len();
    connection.get("/v2/library/nginx/manifests/none", "");
    let text = connection.get("/metrics", "").text();
    for line in [
        "airgap_http_requests_total{route=\"manifest\",status=\"200\"} 1",
        "airgap_http_requests_total{route=\"manifest\",status=\"404\"} 1",
        "airgap_http_request_duration_seconds_count{route=\"manifest\"} 2",
        "airgap_http_connections 1",
        "airgap_generations 1",
        "airgap_problems 0",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(text.contains("airgap_http_response_bytes_total{route=\"manifest\"}") && size > 100);
}
