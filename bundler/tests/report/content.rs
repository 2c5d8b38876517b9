//! What the report says, in its three forms.

use manifests::bundle::UnverifiedBundle;
use serde_json::Value;

use crate::sample;
use crate::site::Site;

fn json(site: &Site, words: &str) -> Value {
    serde_json::from_str(&site.run(&format!("report {words} -o json")).ok()).unwrap()
}

#[test]
fn the_parts_add_up_to_the_content_and_what_is_shared_is_a_part_of_its_own() {
    let site = Site::new();
    sample::platform("1.4.0").write(&site.path("platform.tar.zst"));
    let report = json(&site, "platform.tar.zst --trust trust");
    assert_eq!(report["schemaVersion"], 1);
    let parts = report["parts"].as_array().unwrap();
    let sum: u64 = parts.iter().map(|part| part["size"].as_u64().unwrap()).sum();
    assert_eq!(sum, report["bundle"]["contentSize"].as_u64().unwrap());
    let shared = parts.iter().find(|part| part["kind"] == "shared").unwrap();
    assert!(shared["size"].as_u64().unwrap() >= 1_400_000, "{shared}");
    let longhorn = parts.iter().find(|part| part["name"] == "longhorn").unwrap();
    assert_eq!((&longhorn["images"], &longhorn["charts"]), (&3.into(), &1.into()));
    let sizes: Vec<u64> = parts.iter().map(|part| part["size"].as_u64().unwrap()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
}

#[test]
fn each_item_has_its_origin_its_digest_and_what_stood_beside_it() {
    let site = Site::new();
    sample::platform("1.4.0").write(&site.path("platform.tar.zst"));
    let document = UnverifiedBundle::open(&[site.path("platform.tar.zst")]).unwrap().claimed().clone();
    let report = json(&site, "platform.tar.zst --trust trust");
    let image = &report["images"].as_array().unwrap().iter().find(|one| one["component"] == "shop").unwrap();
    assert_eq!(image["reference"], "registry.example.org/team/shop-frontend:4.12.0");
    assert_eq!(image["licences"], serde_json::json!(["Apache-2.0"]));
    assert_eq!(image["labels"]["source"], "https://github.com/example/project");
    assert_eq!(image["attached"][0]["kind"], "signature");
    let carried = document
        .items
        .iter()
        .filter_map(|item| item.as_image())
        .find(|image| image.component.as_deref() == Some("shop"))
        .unwrap();
    assert_eq!(image["digest"], carried.descriptor.digest.to_string());
    let chart = &report["charts"][0];
    assert_eq!(
        (&chart["name"], &chart["repository"]),
        (&"cert-manager".into(), &"https://charts.example.org/cert-manager".into())
    );
    assert!(chart["provenance"].as_str().unwrap().starts_with("sha256:"));
    let file = report["files"].as_array().unwrap().iter().find(|file| file["path"] == "motd").unwrap();
    assert_eq!((&file["size"], &file["source"]), (&40.into(), &Value::Null));
    let packages = &report["packages"][0];
    assert_eq!((&packages["series"], &packages["wanted"]), (&"noble".into(), &3.into()));
    assert_eq!(packages["packages"].as_array().unwrap().len(), 24);
    let jq = packages["packages"].as_array().unwrap().iter().find(|package| package["name"] == "jq").unwrap();
    assert_eq!(jq["components"], serde_json::json!(["shop"]));
}

#[test]
fn the_same_bundle_gives_the_same_bytes_wherever_it_lies() {
    let site = Site::new();
    for place in ["platform.tar.zst", "elsewhere/platform.tar.zst"] {
        std::fs::create_dir_all(site.path(place).parent().unwrap()).unwrap();
        sample::platform("1.4.0").write(&site.path(place));
    }
    for format in ["html", "markdown", "json"] {
        let here = site.run(&format!("report platform.tar.zst --trust trust -o {format}")).ok();
        let there = site.run(&format!("report elsewhere/platform.tar.zst --trust trust -o {format}")).ok();
        assert!(here == there, "{format}");
    }
}

#[test]
fn what_nobody_vouches_for_is_told_so() {
    let site = Site::new();
    let plain = site.run("report demo.tar.zst -o markdown");
    assert!(plain.stderr.contains("UNVERIFIED"), "{}", plain.stderr);
    assert!(plain.ok().contains("**Not verified.** The bundle carries 1 signature,"));
    sample::platform("1.0.0").write_with(&site.path("unsigned.tar.zst"), None, &[]);
    assert!(site.run("report unsigned.tar.zst").ok().contains("Nobody has signed this bundle"));
    let signed = site.run("report demo.tar.zst --trust trust").ok();
    assert!(signed.contains("Signed by ci@example.com") && !signed.contains("Not verified"));
    site.write(
        "stranger",
        "x@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ/BWjn8uZDmp0kYVYnEgjUFcEWTz1FJJQfhXK5ABFQ8\n",
    );
    let refused = site.run("report demo.tar.zst --trust stranger").fails(1);
    assert!(refused.contains("is not trusted"), "{refused}");
}

#[test]
fn what_changed_since_another_bundle_is_told() {
    let site = Site::new();
    sample::platform("1.4.0").write(&site.path("old.tar.zst"));
    let label = serde_json::json!({});
    let more = sample::Sample {
        reference: "docker.io/library/redis:7.4",
        component: "shop",
        layers: &[("redis", 500_000)],
        labels: label,
        signed: false,
    };
    sample::with_image(sample::platform("1.5.0"), &more).write(&site.path("new.tar.zst"));
    let report = json(&site, "new.tar.zst --base old.tar.zst");
    let added: Vec<&str> = report["changes"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["change"] == "added")
        .map(|change| change["name"].as_str().unwrap())
        .collect();
    assert_eq!(added, ["docker.io/library/redis"]);
    let page = site.run("report new.tar.zst --base old.tar.zst").ok();
    assert!(page.contains("What changed since platform 1.4.0") && page.contains("docker.io/library/redis"));
    let page = site.run("report new.tar.zst").ok();
    assert!(!page.contains("What changed since"));
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let site = Site::new();
    site.run("report demo.tar.zst --trust trust --output report.html").ok();
    let page = std::fs::read_to_string(site.path("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    let refused = site.run("report demo.tar.zst --output missing/report.html").fails(1);
    assert!(refused.contains("can't write the report to `missing/report.html`"), "{refused}");
}

#[test]
fn what_the_build_saw_and_judged_is_told() {
    let site = Site::new();
    sample::complete("1.4.0").write(&site.path("platform.tar.zst"));
    let report = json(&site, "platform.tar.zst --trust trust");
    let image = |name: &str| {
        let images = report["images"].as_array().unwrap();
        images.iter().find(|image| image["reference"] == name).unwrap().clone()
    };
    let signed = &image("quay.io/prometheus/prometheus:v3.1.0")["verified"];
    assert_eq!((&signed[0]["how"], &signed[0]["keyFile"]), (&"cosign".into(), &"prometheus.pub".into()));
    let grafana = image("docker.io/grafana/grafana:11.4.0");
    assert_eq!(grafana["verified"], serde_json::json!([]), "a signature of other content is claimed");
    assert_eq!(grafana["pulledFrom"], "mirror.example.org/grafana/grafana:11.4.0");
    for format in ["html", "markdown"] {
        let text = site.run(&format!("report platform.tar.zst --trust trust -o {format}")).ok();
        for word in [
            "storage-class-missing",
            "the storage class is made by hand at the site",
            "2027-01-31",
            "only a test hook runs it",
            "the tag may move",
            "mirror.example.org/grafana/grafana:11.4.0",
            "What refers to what",
            "quay.io/thanos/thanos:v0.37.2",
            "verified",
        ] {
            assert!(text.contains(word), "{word} in {format}");
        }
    }
}

#[test]
fn without_evidence_nothing_is_claimed_and_evidence_that_cannot_be_read_is_told() {
    let site = Site::new();
    sample::platform("1.4.0").write(&site.path("old.tar.zst"));
    let page = site.run("report old.tar.zst").ok();
    assert!(page.contains("Nothing is claimed: not that it is complete"), "{page}");
    assert!(!page.contains("found nothing.") && !page.contains(">verified</span>"));
    assert_eq!(json(&site, "old.tar.zst")["evidence"], Value::Null);
    for broken in ["{}", "{\"version\": 7}"] {
        sample::with_evidence(sample::platform("1.4.0"), broken.as_bytes()).write(&site.path("broken.tar.zst"));
        let page = site.run("report broken.tar.zst").ok();
        assert!(
            page.contains("The evidence of this bundle can&#39;t be read") || page.contains("can't be read"),
            "{page}"
        );
        assert_eq!(json(&site, "broken.tar.zst")["evidence"], Value::Null);
    }
}
