//! TLS as curl sees it.

use manifests::fake::FakeBundle;

use crate::site::{TestSite, run, try_run};

fn curl(site: &TestSite, arguments: &[&str]) -> (bool, String) {
    let (user, password) = site.credentials();
    let (ca, user) = (site.ca_file(), format!("{user}:{password}"));
    let url = format!("https://{}/v2/library/nginx/manifests/1.27", site.address);
    let all = [
        &[
            "-sS",
            "--cacert",
            &ca,
            "-u",
            &user,
            "-o",
            "/dev/null",
            "-w",
            "%{http_code} %{ssl_verify_result} %{http_version}",
        ],
        arguments,
        &[&url],
    ];
    try_run("curl", &all.concat())
}

#[test]
fn clients_that_trust_the_site_ca_get_in_with_tls_1_2_and_1_3() {
    let site = TestSite::secure(&[FakeBundle::small()]);
    for version in [&["--tls-max", "1.2"][..], &["--tlsv1.3"], &["--http2"]] {
        assert_eq!(curl(&site, version), (true, "200 0 1.1".to_owned()), "{version:?}");
    }
    let (ok, text) = curl(&site, &["--tlsv1.0", "--tls-max", "1.1"]);
    assert!(!ok, "{text}");
}

#[test]
fn clients_that_do_not_trust_the_site_ca_stop() {
    let site = TestSite::secure(&[]);
    let (ok, text) = try_run("curl", &["-sS", &format!("https://{}/healthz", site.address)]);
    assert!(!ok && text.contains("certificate"), "{text}");
}

#[test]
fn the_ca_can_be_had_without_credentials() {
    let site = TestSite::secure(&[]);
    let pem = run("curl", &["-sSk", &format!("https://{}/ca.crt", site.address)]);
    assert_eq!(pem, std::fs::read_to_string(site.ca_file()).unwrap());
}

#[test]
fn who_speaks_plain_http_to_tls_gets_no_answer() {
    let site = TestSite::secure(&[]);
    let mut connection = site.connect();
    connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    let (ok, text) = try_run("curl", &["-sS", &format!("http://{}/healthz", site.address)]);
    assert!(!ok, "{text}");
}

#[test]
fn a_clock_that_is_behind_the_bundle_does_not_date_the_certificate() {
    let site = TestSite::with(&[FakeBundle::small()], |config| config.clock = || jiff::Timestamp::UNIX_EPOCH);
    let end = registry::site::certificate_end(site.folder.path()).unwrap();
    assert!(end > FakeBundle::small().plan().document().created, "{end}");
}
