use super::*;

fn found(stream: &str) -> Found {
    let component: BundleName = "shop".parse().unwrap();
    let origin = Origin::Manifest { file: "objects.yaml".to_owned() };
    let place = Place { component: &component, origin, variant: None, placeholders: &[], images: &[] };
    let mut found = Found::default();
    found.stream(stream, &place);
    found
}

/// As deep as YAML is read, text within text within text: a stack has room for it.
#[test]
fn depth_is_no_way_to_end_the_run() {
    let nested = |inner: &str| format!("{}{inner}{}", "[".repeat(115), "]".repeat(115));
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let image =
        quoted("registry.example.org/deep@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let text = nested(&quoted(&nested(&quoted(&nested(&image)))));
    let stream = format!("apiVersion: v1\nkind: ConfigMap\ndata: {{a: {}}}\n", quoted(&text));
    let found = found(&stream);
    assert_eq!(found.sightings.len(), 1, "{:?}", found.failures);
}

#[test]
fn paths_are_those_that_people_write() {
    let stream = "
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: shop}
data:
  agent.yaml: |
    agent: {image: registry.example.org/agent:v1}
";
    let found = found(stream);
    let [agent] = &found.sightings[..] else { panic!("{:?}", found.sightings) };
    assert_eq!(agent.path, "data[agent.yaml]: agent.image");
    assert_eq!(agent.object.as_ref().unwrap().to_string(), "ConfigMap shop/config");
    assert_eq!((agent.confidence, agent.reason), (Confidence::Likely, Reason::ConfigMap));
}
