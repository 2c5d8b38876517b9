//! Charts in registries.

use std::collections::BTreeSet;

use bundler::charts::ChartSources;
use bundler::credentials::Credentials;
use bundler::resolve::stack::ResolvedChart;
use manifests::ImageReference;
use manifests::component::ChartSource;
use manifests::oci::{annotation, media_type};
use manifests::yaml::{Location, SourceFile};
use serde_json::json;

use crate::fake::{Fake, at};

#[tokio::test]
async fn what_is_attached_to_a_chart_comes_along() {
    let mut fake = Fake::default();
    let config = json!({"name": "app", "version": "1.0.0", "apiVersion": "v2"});
    let config = fake.blob(media_type::HELM_CONFIG, config.to_string().as_bytes());
    let archive = fake.blob(media_type::HELM_CHART, b"an archive");
    let document =
        json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [archive]});
    let chart = fake.manifest(media_type::OCI_MANIFEST, &document, &["1.0.0"]);
    let digest = chart["digest"].as_str().unwrap().to_owned();
    let tag = format!("{}.sig", digest.replace(':', "-"));
    let signature = fake.referrer("signature", &chart, &[&tag]);
    let sbom = fake.referrer("sbom", &chart, &[]);
    let list = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [sbom]});
    fake.put(&format!("/v2/team/app/referrers/{digest}"), media_type::OCI_INDEX, list.to_string().as_bytes());
    let server = fake.serve().await;

    let created = "2026-01-01T00:00:00Z".parse().unwrap();
    let sources = ChartSources::new(at(&server), Credentials::none(), created);
    let reference: ImageReference = format!("{}/team/app:1.0.0", server.address).parse().unwrap();
    let source = ChartSource::Oci { repository: reference.repository().clone(), version: "1.0.0".parse().unwrap() };
    let location = Location::new(&SourceFile::new("component.yaml", ""), 0..0);
    let wanted = ResolvedChart { name: "app".into(), source, component: "test".parse().unwrap(), location };
    let resolved = sources.resolve_one(&wanted).await.unwrap();

    let attached = resolved.item.attached();
    let digests: BTreeSet<String> = attached.iter().map(|found| found.digest.to_string()).collect();
    let expected = [&signature, &sbom].map(|found| found["digest"].as_str().unwrap().to_owned());
    assert_eq!(digests, BTreeSet::from(expected));
    let tags: Vec<&String> = attached.iter().filter_map(|found| found.annotations.get(annotation::REF_NAME)).collect();
    assert_eq!(tags, [&tag]);
    // The chart's manifest, config and archive; two manifests with one config and a layer each.
    let blobs: BTreeSet<String> = resolved.blobs.iter().map(|blob| blob.digest.to_string()).collect();
    assert!(digests.is_subset(&blobs) && blobs.len() == 8, "{blobs:?}");
}
