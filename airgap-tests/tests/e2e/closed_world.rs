//! Nothing missing: a stack that lists no image, from real charts in real registries to a bundle of what they name; and one
//! that refers to what nobody decided, which is not built.

use airgap_tests::Delivery;

/// A chart whose ConfigMap names an image that nothing lists.
const SIDECAR: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: injector}\ndata:\n  sidecar-image: \
                       docker.io/library/plain:1.0\n";

#[test]
fn a_stack_of_charts_alone_becomes_a_bundle_of_their_images() {
    let delivery = Delivery::prepare().unwrap();
    let machine = delivery.machine();
    let stack = delivery.stack_of_charts("1.0.0").unwrap();
    machine.write("stack.yaml", &stack).unwrap();
    let shown = machine.bundle(&["discover", "stack.yaml"]).unwrap().success().unwrap().stdout;
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    assert_eq!(
        lines[..4],
        [
            "IMAGE                       FATE   CONFIDENCE  SEEN",
            "docker.io/library/tool:1.0  found  certain     platform: Deployment hello",
            "docker.io/library/web:2.0   found  certain     platform: Deployment web",
            "quay.io/library/tool:1.0    found  certain     platform: Deployment oci-hello",
        ],
        "{shown}"
    );
    delivery.build("a.tar.zst", &[]).unwrap().success().unwrap();
    let listed = machine.bundle(&["list", "a.tar.zst", "--kind", "image"]).unwrap().success().unwrap().stdout;
    for image in ["docker.io/library/tool:1.0", "docker.io/library/web:2.0", "quay.io/library/tool:1.0"] {
        assert!(listed.contains(image), "{listed}");
    }

    // One chart more, which names an image where nobody can be sure of it.
    machine.write("injector/Chart.yaml", "apiVersion: v2\nname: injector\nversion: 1.0.0\n").unwrap();
    machine.write("injector/templates/config.yaml", SIDECAR).unwrap();
    let more = stack.replacen("charts:\n", "charts:\n  - name: injector\n    path: ./injector\n", 1);
    machine.write("stack.yaml", &more).unwrap();
    let refused = delivery.build("b.tar.zst", &[]).unwrap().failure().unwrap();
    assert_eq!(refused.code, Some(1));
    for words in [
        "image-undecided: nobody has decided whether `docker.io/library/plain:1.0` is carried",
        "ConfigMap injector in injector/templates/config.yaml, data.sidecar-image",
        "stack.yaml:8",
        "- image: docker.io/library/plain:1.0",
    ] {
        assert!(refused.stderr.contains(words), "{words} in {}", refused.stderr);
    }
    assert!(!machine.path("b.tar.zst").exists() && !machine.path("b.tar.zst.partial").exists());

    let decided = "decisions:\n  - image: docker.io/library/plain:1.0\n    carry: true\n    reason: it injects it\n";
    machine.write("stack.yaml", more + decided).unwrap();
    delivery.build("b.tar.zst", &[]).unwrap().success().unwrap();
    let listed = machine.bundle(&["list", "b.tar.zst", "--kind", "image"]).unwrap().success().unwrap().stdout;
    assert!(listed.contains("docker.io/library/plain:1.0"), "{listed}");
}
