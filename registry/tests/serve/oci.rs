//! The pull and discovery parts of the distribution specification.

use manifests::Digest;
use manifests::fake::FakeBundle;
use manifests::oci::media_type;

use crate::content::signed;
use crate::site::{TestSite, digest_of};

#[test]
fn the_base_says_that_this_is_a_registry() {
    let site = TestSite::plain(&[]);
    for path in ["/v2/", "/v2"] {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
        assert_eq!(answer.header("Docker-Distribution-Api-Version"), Some("registry/2.0"));
    }
}

#[test]
fn a_manifest_is_the_same_by_tag_and_by_digest_and_keeps_its_media_type() {
    let it = signed();
    let site = TestSite::plain(&[it.bundle]);
    let by_tag = site.get("/v2/quay.io/team/app/manifests/v1");
    assert_eq!((by_tag.status, digest_of(&by_tag)), (200, it.index.digest));
    assert_eq!(by_tag.header("Content-Type"), Some(media_type::DOCKER_LIST));
    assert_eq!(Digest::of(&by_tag.body), it.index.digest);
    let by_digest = site.get(&format!("/v2/quay.io/team/app/manifests/{}", it.index.digest));
    assert_eq!(by_digest.body, by_tag.body);
    let child = site.get(&format!("/v2/quay.io/team/app/manifests/{}", it.carried.digest));
    assert_eq!((child.status, child.header("Content-Type")), (200, Some(media_type::DOCKER_MANIFEST)));
}

#[test]
fn a_platform_that_is_not_carried_is_unknown() {
    let it = signed();
    let site = TestSite::plain(&[it.bundle]);
    let answer = site.get(&format!("/v2/quay.io/team/app/manifests/{}", it.absent.digest));
    assert_eq!((answer.status, answer.code().as_str()), (404, "MANIFEST_UNKNOWN"));
}

#[test]
fn head_tells_the_same_as_get_without_the_body() {
    let it = signed();
    let site = TestSite::plain(&[it.bundle]);
    for path in ["manifests/v1".to_owned(), format!("blobs/{}", it.index.digest)] {
        let path = format!("/v2/quay.io/team/app/{path}");
        let (get, head) = (site.get(&path), site.head(&path));
        assert_eq!((head.status, head.body.len()), (200, 0));
        for name in ["Content-Length", "Content-Type", "Docker-Content-Digest", "ETag", "Accept-Ranges"] {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
        assert_eq!(head.header("Content-Length").unwrap(), it.index.size.to_string());
    }
    assert_eq!(site.head("/v2/quay.io/team/app/manifests/none").status, 404);
}

#[test]
fn what_is_not_there_is_told_in_the_words_of_the_specification() {
    let site = TestSite::plain(&[FakeBundle::small()]);
    let none = Digest::of(b"nothing");
    for (path, status, code) in [
        ("library/other/manifests/latest".to_owned(), 404, "NAME_UNKNOWN"),
        ("library/other/tags/list".to_owned(), 404, "NAME_UNKNOWN"),
        ("library/nginx/manifests/none".to_owned(), 404, "MANIFEST_UNKNOWN"),
        ("library/nginx/manifests/.INVALID_MANIFEST_NAME".to_owned(), 404, "MANIFEST_UNKNOWN"),
        (format!("library/nginx/manifests/{none}"), 404, "MANIFEST_UNKNOWN"),
        (format!("library/nginx/blobs/{none}"), 404, "BLOB_UNKNOWN"),
        ("library/nginx/blobs/sha256:1".to_owned(), 400, "DIGEST_INVALID"),
        (format!("library/nginx/manifests/sha512:{}", "0".repeat(128)), 400, "DIGEST_INVALID"),
        ("library/nginx/referrers/x".to_owned(), 400, "DIGEST_INVALID"),
        ("library/../nginx/manifests/1.27".to_owned(), 400, "NAME_INVALID"),
        ("library%2Fnginx/manifests/1.27".to_owned(), 400, "NAME_INVALID"),
    ] {
        let answer = site.get(&format!("/v2/{path}"));
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
    }
}

#[test]
fn a_push_is_refused_in_the_words_of_the_specification() {
    let site = TestSite::plain(&[FakeBundle::small()]);
    for (method, path) in [
        ("POST", "/v2/library/nginx/blobs/uploads/"),
        ("PATCH", "/v2/library/nginx/blobs/uploads/1"),
        ("PUT", "/v2/library/nginx/manifests/1.27"),
        ("DELETE", "/v2/library/nginx/manifests/1.27"),
    ] {
        let answer = site.other(method, path);
        assert_eq!((answer.status, answer.code().as_str()), (405, "UNSUPPORTED"), "{method} {path}");
        assert_eq!(answer.header("Allow"), Some("GET, HEAD"));
    }
}

#[test]
fn tags_come_in_order_and_in_pages() {
    let tags = ["v10", "v1", "v2", "latest"];
    let bundle = tags.iter().fold(FakeBundle::new("platform", "1.0.0"), |bundle, tag| {
        bundle.image(&format!("quay.io/a/b:{tag}"), &[tag.as_bytes()])
    });
    let site = TestSite::plain(&[bundle]);
    let all = site.get("/v2/a/b/tags/list?ns=quay.io").json();
    assert_eq!(all, serde_json::json!({"name": "a/b", "tags": ["latest", "v1", "v10", "v2"]}));
    let mut path = "/v2/a/b/tags/list?ns=quay.io&n=2".to_owned();
    let mut seen: Vec<String> = Vec::new();
    let mut pages = 0;
    loop {
        let answer = site.get(&path);
        seen.extend(answer.json()["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()));
        pages += 1;
        let Some(link) = answer.header("Link") else { break };
        path = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
    }
    assert_eq!((pages, seen), (2, ["latest", "v1", "v10", "v2"].map(String::from).to_vec()));
    assert_eq!(site.get("/v2/quay.io/a/b/tags/list?n=0").json()["tags"], serde_json::json!([]));
    assert_eq!(site.get("/v2/quay.io/a/b/tags/list?last=v10").json()["tags"], serde_json::json!(["v2"]));
    assert_eq!(site.get("/v2/quay.io/a/b/tags/list?n=x").status, 400);
}

#[test]
fn the_catalog_has_every_repository_under_its_full_name() {
    let site = TestSite::plain(&[FakeBundle::small(), signed().bundle]);
    let names =
        ["bundle.local/files/tools", "charts.example.com/stable/web", "docker.io/library/nginx", "quay.io/team/app"];
    assert_eq!(site.get("/v2/_catalog").json(), serde_json::json!({ "repositories": names }));
    let page = site.get("/v2/_catalog?n=2");
    assert_eq!(page.json()["repositories"], serde_json::json!(names[..2]));
    assert_eq!(page.header("Link"), Some("</v2/_catalog?n=2&last=charts.example.com%2Fstable%2Fweb>; rel=\"next\""));
}

#[test]
fn what_is_attached_is_found_by_tag_and_by_subject() {
    let it = signed();
    let site = TestSite::plain(&[it.bundle]);
    let tag = format!("sha256-{}.sig", it.index.digest.hex());
    assert_eq!(digest_of(&site.get(&format!("/v2/quay.io/team/app/manifests/{tag}"))), it.signature.digest);
    let path = format!("/v2/team/app/referrers/{}?ns=quay.io", it.index.digest);
    let answer = site.get(&path);
    assert_eq!(answer.header("Content-Type"), Some(media_type::OCI_INDEX));
    let found = &answer.json()["manifests"];
    assert_eq!(found[0]["digest"], it.sbom.digest.to_string());
    assert_eq!(found[0]["artifactType"], "application/spdx+json");
    let filtered = site.get(&format!("{path}&artifactType=application%2Fother"));
    assert_eq!(
        (filtered.json()["manifests"].clone(), filtered.header("OCI-Filters-Applied")),
        (serde_json::json!([]), Some("artifactType"))
    );
    let nothing = site.get(&format!("/v2/quay.io/team/app/referrers/{}", Digest::of(b"nothing")));
    assert_eq!((nothing.status, nothing.json()["manifests"].clone()), (200, serde_json::json!([])));
}

#[test]
fn nothing_is_sent_again_to_who_has_it() {
    let it = signed();
    let site = TestSite::plain(&[it.bundle]);
    for path in
        ["/v2/quay.io/team/app/manifests/v1".to_owned(), format!("/v2/quay.io/team/app/blobs/{}", it.index.digest)]
    {
        let etag = site.get(&path).header("ETag").unwrap().to_owned();
        for tags in [etag.clone(), format!("W/{etag}"), "*".into(), format!("\"a\", {etag}")] {
            let answer = site.get_with(&path, &format!("If-None-Match: {tags}\r\n"));
            assert_eq!((answer.status, answer.header("ETag")), (304, Some(etag.as_str())), "{tags}");
        }
        assert_eq!(site.get_with(&path, "If-None-Match: \"other\"\r\n").status, 200);
        assert_eq!(site.get_with(&path, "If-Match: \"other\"\r\n").status, 412);
    }
}

#[test]
fn a_page_of_a_size_that_is_no_number_is_refused() {
    let site = TestSite::plain(&[FakeBundle::small()]);
    for list in ["_catalog", "library/nginx/tags/list"] {
        for number in ["abc", "-1", "1.5", "99999999999999999999999"] {
            let answer = site.get(&format!("/v2/{list}?n={number}"));
            assert_eq!((answer.status, answer.code().as_str()), (400, "PAGINATION_NUMBER_INVALID"), "{list} {number}");
        }
        assert_eq!(site.get(&format!("/v2/{list}?n=0")).status, 200);
    }
}
