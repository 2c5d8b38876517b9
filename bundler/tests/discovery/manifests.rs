//! Files of objects that are applied as they are: nothing renders them, so nothing has checked them.

use bundler::discovery::{Confidence, Trouble};

use crate::rig::Written;

const OBJECTS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: first}
spec: {containers: [{name: a, image: registry.example.org/first:v1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: broken}
spec:
  containers:
    - name: a
     image: registry.example.org/broken:v1
---
apiVersion: v1
kind: Pod
metadata: {name: last}
spec: {containers: [{name: a, image: registry.example.org/last:v1}]}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_no_yaml_is_told_and_takes_nothing_with_it() {
    let component = "apiVersion: airgap/v1\nkind: Component\nname: shop\nmanifests: [./objects.yaml]\n";
    let found = Written::new(&[("component.yaml", component), ("objects.yaml", OBJECTS)]).discovered().await;
    let seen: Vec<_> = found.sightings.iter().map(|found| (found.written.as_str(), found.confidence)).collect();
    let expected = [
        ("registry.example.org/broken:v1", Confidence::Likely),
        ("registry.example.org/first:v1", Confidence::Certain),
        ("registry.example.org/last:v1", Confidence::Certain),
    ];
    assert_eq!(seen, expected);
    assert!(found.sightings.iter().all(|found| found.origin.to_string() == "manifests/objects.yaml"));
    let [failure] = &found.failures[..] else { panic!("{:?}", found.failures) };
    assert!(matches!(failure.trouble, Trouble::Document { line: 5, .. }), "{}", failure.trouble);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_object_is_told() {
    let component = "apiVersion: airgap/v1\nkind: Component\nname: shop\nmanifests: [./a.yaml, ./b.yaml, ./c.yaml]\n";
    let values = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n# nothing\n---\nreplicas: 2\n";
    let nothing = "# all of it is commented out\n---\n";
    let files = [("component.yaml", component), ("a.yaml", values), ("b.yaml", nothing), ("c.yaml", "kind: Pod\n")];
    let found = Written::new(&files).discovered().await;
    let told = |failure: &bundler::discovery::Failure| match failure.trouble {
        Trouble::NoObject { line } => (failure.origin.to_string(), line),
        ref other => panic!("{other}"),
    };
    let told: Vec<_> = found.failures.iter().map(told).collect();
    let expected = [("manifests/a.yaml", 7), ("manifests/b.yaml", 1), ("manifests/c.yaml", 1)];
    assert_eq!(told, expected.map(|(file, line)| (file.to_owned(), line)));
}
