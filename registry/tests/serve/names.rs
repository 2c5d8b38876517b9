//! One server for many registries: no name ever stands for another.

use manifests::fake::FakeBundle;

use crate::site::{TestSite, digest_of};

fn site() -> TestSite {
    TestSite::plain(&[FakeBundle::new("platform", "1.0.0")
        .image("docker.io/library/nginx:1.27", &[b"from docker.io"])
        .image("quay.io/library/nginx:1.27", &[b"from quay.io"])
        .image("ghcr.io/only/here:v1", &[b"from ghcr.io"])
        .image("127.0.0.1:5000/team/app:v1", &[b"from a registry with a port"])])
}

#[test]
fn a_mirror_request_names_the_registry_and_gets_that_one() {
    let site = site();
    let of = |path: &str| digest_of(&site.get(path));
    let docker = of("/v2/library/nginx/manifests/1.27?ns=docker.io");
    let quay = of("/v2/library/nginx/manifests/1.27?ns=quay.io");
    assert_ne!(docker, quay);
    assert_eq!(of("/v2/docker.io/library/nginx/manifests/1.27"), docker);
    assert_eq!(of("/v2/quay.io/library/nginx/manifests/1.27"), quay);
    // Docker's registry-mirrors stand for docker.io and do not say so.
    assert_eq!(of("/v2/library/nginx/manifests/1.27"), docker);
    assert_eq!(of("/v2/nginx/manifests/1.27"), docker);
    assert_eq!(of("/v2/nginx/manifests/1.27?ns=registry-1.docker.io"), docker);
}

#[test]
fn a_registry_that_is_named_is_never_replaced_by_another() {
    let site = site();
    for path in [
        "/v2/only/here/manifests/v1?ns=docker.io",
        "/v2/only/here/manifests/v1",
        "/v2/library/nginx/manifests/1.27?ns=ghcr.io",
        "/v2/ghcr.io/library/nginx/manifests/1.27",
    ] {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.code().as_str()), (404, "NAME_UNKNOWN"), "{path}");
    }
}

#[test]
fn a_registry_with_a_port_has_a_name_for_direct_pulls() {
    let site = site();
    let mirrored = digest_of(&site.get("/v2/team/app/manifests/v1?ns=127.0.0.1:5000"));
    assert_eq!(digest_of(&site.get("/v2/team/app/manifests/v1?ns=127.0.0.1%3A5000")), mirrored);
    assert_eq!(digest_of(&site.get("/v2/127.0.0.1_5000/team/app/manifests/v1")), mirrored);
    assert_eq!(digest_of(&site.get("/v2/127.0.0.1:5000/team/app/manifests/v1")), mirrored);
}

#[test]
fn content_is_found_only_where_it_belongs() {
    let site = site();
    let quay = digest_of(&site.get("/v2/quay.io/library/nginx/manifests/1.27"));
    let answer = site.get(&format!("/v2/docker.io/library/nginx/manifests/{quay}"));
    assert_eq!((answer.status, answer.code().as_str()), (404, "MANIFEST_UNKNOWN"));
}
