#![allow(clippy::unwrap_used)]
use manifests::document::{FailurePolicy, Release};
use serde_json::json;

use super::*;

fn release() -> Release {
    Release {
        name: "web".parse().unwrap(),
        namespace: "shop".parse().unwrap(),
        chart: "bundle.local/charts/web:1.0.0".parse().unwrap(),
        values: Values::new(),
        variants: BTreeMap::new(),
        failure_policy: FailurePolicy::Abort,
        timeout: 600,
        bootstrap: false,
    }
}

#[test]
fn a_release_becomes_an_object_of_the_helm_controller() {
    let Value::Object(values) = json!({"replicas": 2, "password": "a secret"}) else { unreachable!() };
    let content = chart::object(&release(), b"a chart", &values).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&content).unwrap());
    let object = Object::new(content, None).unwrap();
    assert!(!format!("{object:?}").contains("a secret"), "values are shown");
}

#[test]
fn a_chart_that_no_cluster_takes_is_refused() {
    let chart = vec![0; 760 << 10];
    let error = chart::object(&release(), &chart, &Values::new()).unwrap_err();
    assert!(matches!(error, ObjectError::ChartTooLarge { size, .. } if size > 1000 << 10), "{error}");
}

#[test]
fn manifests_are_taken_apart_and_say_what_was_applied() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n\
                ---\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: other}\n";
    let objects = manifest::parse(text.as_bytes(), Some("shop")).unwrap();
    assert_eq!(format!("{objects:?}"), "[ConfigMap shop/a, ConfigMap other/b]");
    assert_eq!(objects[0].content["metadata"]["annotations"][HASH], objects[0].hash);
    assert_ne!(objects[0].hash, objects[1].hash);
    for wrong in ["just text", "apiVersion: v1\nkind: Pod\n", "{apiVersion: v1, kind: Pod, metadata: {name: a/b}}"] {
        manifest::parse(wrong.as_bytes(), None).unwrap_err();
    }
}

#[test]
fn pods_log_in_as_nodes_do() {
    let login = Some(("reader".to_owned(), "hunter2".to_owned()));
    let server = SiteServer { authority: "10.0.7.2:5000".into(), trusted: String::new(), login };
    let secret = credentials(&server, "airgap-pull", "shop");
    assert_eq!(secret["type"], "kubernetes.io/dockerconfigjson");
    let config = |secret: &Value| STANDARD.decode(secret["data"][".dockerconfigjson"].as_str().unwrap()).unwrap();
    let said: Value = serde_json::from_slice(&config(&secret)).unwrap();
    // The last is `reader:hunter2`.
    let login = json!({"username": "reader", "password": "hunter2", "auth": "cmVhZGVyOmh1bnRlcjI="});
    assert_eq!(said, json!({"auths": {"10.0.7.2:5000": login}}));
    let object = Object::new(secret, None).unwrap();
    assert_eq!(format!("{object:?}"), "Secret shop/airgap-pull");
    let nobody = SiteServer { login: None, ..server };
    assert_eq!(config(&credentials(&nobody, "airgap-pull", "shop")), br#"{"auths":{}}"#);
}
