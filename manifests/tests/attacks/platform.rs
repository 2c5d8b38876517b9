//! Attacks on what the document says of how the bundle is deployed.

use serde_json::{Value, json};

use super::forge::Forge;

fn good() -> Value {
    json!({
        "distribution": {"name": "rke2", "version": "v1.30.6+rke2r1", "files": "tools"},
        "components": [
            {"name": "tools", "manifests": ["bin/tool"]},
            {
                "name": "web",
                "needs": ["tools"],
                "namespaces": [{"name": "web", "labels": {"example.org/x": "y"}}],
                "releases": [{
                    "name": "web", "namespace": "web", "chart": "charts.example.com/stable/web:0.1.0",
                    "values": {"a": {"b": null}}, "failurePolicy": "abort", "timeout": 600,
                }],
                "ready": [
                    {"type": "workload", "kind": "Deployment", "namespace": "web", "name": "web"},
                    {"type": "crd", "name": "a.example.org"},
                    {"type": "condition", "apiVersion": "example.org/v1", "kind": "A", "name": "a", "condition": "Ready"},
                ],
                "siteCa": [{"configMap": "ca", "namespace": "web"}],
                "siteCredentials": [{"secret": "pull", "namespace": "web"}],
            },
        ],
    })
}

/// A bundle that says `platform` of itself.
fn saying(platform: &Value) -> Forge {
    let mut forge = Forge::new();
    let mut document: Value = serde_json::from_str(&forge.document()).unwrap();
    document["platform"] = platform.clone();
    forge.set_document(&document.to_string());
    forge
}

/// Why a platform is refused in which `value` stands at `path`.
fn refused(path: &str, value: Value) -> String {
    let mut platform = good();
    *platform.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
    saying(&platform).refusal()
}

#[test]
fn a_good_platform_is_read() {
    let opened = saying(&good()).open().unwrap();
    let document = opened.claimed();
    let platform = document.platform().unwrap();
    assert_eq!(platform.distribution.version.to_string(), "v1.30.6+rke2r1");
    assert_eq!(platform.components[1].releases[0].values["a"], json!({"b": null}));
    let manifests: Vec<_> = document.manifests(&platform.components[0]).map(|file| file.path.as_str()).collect();
    assert_eq!(manifests, ["bin/tool"]);
    // A bundle that only carries says nothing of it.
    assert!(Forge::new().open().unwrap().claimed().platform().is_none());
    assert!(!Forge::new().document().contains("\"platform\""));
}

#[test]
fn names_that_kubernetes_would_not_take_are_refused() {
    let web = "/components/1";
    for (path, value) in [
        ("/namespaces/0/name", "../kube"),
        ("/namespaces/0/name", "Web"),
        ("/releases/0/name", "a;b"),
        ("/releases/0/name", "a234567890123456789012345678901234567890123456789012345"),
        ("/releases/0/namespace", "web\n"),
        ("/siteCa/0/configMap", "a/b"),
        ("/siteCredentials/0/secret", "a/b"),
        ("/siteCredentials/0/namespace", "../kube"),
        ("/ready/0/name", "--all"),
        ("/ready/0/kind", "Secret"),
        ("/ready/2/kind", "a b"),
        ("/ready/2/apiVersion", "../../x"),
        ("/ready/2/condition", "Ready=True"),
        ("/ready/0/type", "later"),
        ("/releases/0/failurePolicy", "retry"),
    ] {
        let error = refused(&format!("{web}{path}"), value.into());
        assert!(error.contains("bundle.json can't be read"), "{path}: {error}");
    }
    let error = refused("/components/1/namespaces/0/labels", json!({"a b": "c"}));
    assert!(error.contains("is not the key of a label"), "{error}");
}

#[test]
fn distributions_are_of_their_own_versions() {
    for version in ["1.30.6+rke2r1", "v1.30.6", "v1.30.6+rke2r1/../x", "v1.30.6+k0s1"] {
        let error = refused("/distribution/version", version.into());
        assert!(error.contains("is not the version of a distribution"), "{error}");
    }
    let error = refused("/distribution/version", "v1.30.6+k3s1".into());
    assert!(error.ends_with("v1.30.6+k3s1 is no version of rke2"), "{error}");
}

#[test]
fn what_leads_nowhere_is_refused() {
    for (path, value, expected) in [
        ("/distribution/files", json!("other"), "release is not in the bundle"),
        ("/components/0/manifests/0", json!("bin/other"), "is not among its files"),
        ("/components/0/manifests/0", json!("../bin/tool"), "is not among its files"),
        ("/components/1/releases/0/chart", json!("docker.io/library/nginx:1.27"), "is not in the bundle"),
        ("/components/1/releases/0/namespace", json!("other"), "is not among those of its component"),
        ("/components/1/ready/1/name", json!("nodot"), "names no definition"),
    ] {
        let error = refused(path, value);
        assert!(error.contains("the platform can't be right") && error.contains(expected), "{path}: {error}");
    }
}

#[test]
fn circles_and_a_wrong_order_are_refused() {
    for needs in [json!(["web"]), json!(["later"])] {
        let error = refused("/components/1/needs", needs);
        assert!(error.contains("which does not stand before it"), "{error}");
    }
    let mut platform = good();
    platform["components"].as_array_mut().unwrap().swap(0, 1);
    let error = saying(&platform).refusal();
    assert!(error.contains("`web` needs `tools`, which does not stand before it"), "{error}");
    assert!(refused("/components/1/needs", json!(["tools", "tools"])).contains("twice"));
}

#[test]
fn what_stands_twice_is_refused() {
    for (list, copy) in [("/components", "/components/0"), ("/components/1/releases", "/components/1/releases/0")] {
        let mut platform = good();
        let again = platform.pointer(copy).unwrap().clone();
        platform.pointer_mut(list).unwrap().as_array_mut().unwrap().push(again);
        let error = saying(&platform).refusal();
        assert!(error.contains("twice"), "{list}: {error}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    for timeout in [json!(0), json!(86_401)] {
        assert!(refused("/components/1/releases/0/timeout", timeout).contains("timeout"));
    }
    let deep = (0..32).fold(json!(1), |inner, _| json!({"a": inner}));
    let error = refused("/components/1/releases/0/values", json!({"a": deep}));
    assert!(error.contains("levels deep"), "{error}");
    let error = refused("/components/1/releases/0/values", json!({"a": "x".repeat(300 << 10)}));
    assert!(error.contains("bytes; at most"), "{error}");
    assert!(refused("/components/1/releases/0/values", json!([1])).contains("can't be read"));
    let many = vec![good()["components"][1]["ready"][0].clone(); 501];
    assert!(refused("/components/1/ready", many.into()).contains("501 conditions of a component"));
    let mut platform = good();
    let names = (0..2001).map(|number| json!({"name": format!("c{number}")}));
    platform["components"] = names.collect();
    assert!(saying(&platform).refusal().contains("2001 components"));
}
