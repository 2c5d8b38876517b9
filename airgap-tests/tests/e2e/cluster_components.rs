//! What becomes of components when the next bundle has other ones: what is no longer part of one goes, what is left over is named
//! and taken off where that is asked for, and a component goes back to what the bundle before said. And what helps when something is
//! wrong.

use std::fs;
use std::process::Command;

use airgap_tests::{Edition, Outcome, Random, Upstream, signer};

use crate::cluster::{Ground, WEB, deliver_edition};

/// A component with a chart and two objects, of which the second bundle has one.
const FIRST: &str = r#"
apiVersion: airgap/v1
kind: Component
name: web
namespace: shop
manifests: [./opening-hours.yaml, ./sale.yaml]
images: [docker.io/library/tool:1.0]
charts:
  - name: web
    path: ./web
    values: {image: docker.io/library/tool:1.0, node: node-0}
    variants: [{name: small, values: {size: small}}]
kernelModules: [overlay]
sysctls: {vm.overcommit_ratio: "OVERCOMMIT"}
"#;
/// One that the second bundle lacks: with a definition and a volume's claim, which hold data.
const NOTES: &str = r#"
apiVersion: airgap/v1
kind: Component
name: notes
namespace: notes
manifests: [./notes-objects.yaml]
needs: [web]
"#;
const NOTES_OBJECTS: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: notes.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Note, plural: notes, singular: note}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: example.org/v1
kind: Note
metadata: {name: first}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: paper}
data: {size: A4}
"#;

/// Bytes of a chart's file: with all else and as base64 a little less than 1000 KiB.
const LARGE: usize = 735 << 10;

fn config_map(name: &str, said: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{said: \"{said}\"}}\n")
}

/// A cluster that has gone from a first bundle to a second.
fn ground() -> Ground {
    let upstream = Upstream::shared().unwrap();
    let connected = upstream.machine().unwrap();
    signer(&connected, "ci", "allowed_signers").unwrap();
    // A node is a container here: it can't set what its host has otherwise.
    let overcommit = fs::read_to_string("/proc/sys/vm/overcommit_ratio").unwrap();
    let first = FIRST.replace("OVERCOMMIT", overcommit.trim());
    let second = first.replace(", ./sale.yaml", "").replace("node: node-0", "node: node-0, later: true");
    for (file, text) in [
        ("web.yaml", first.as_str()),
        ("web-2.yaml", second.as_str()),
        ("opening-hours.yaml", &config_map("opening-hours", "nine to five")),
        ("sale.yaml", &config_map("sale", "all week")),
        ("notes.yaml", NOTES),
        ("notes-objects.yaml", NOTES_OBJECTS),
        ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("web/templates/web.yaml", WEB),
    ] {
        connected.write(file, text).unwrap();
    }
    // As large as a chart may be that goes in through an object of the cluster, and no compressor makes it smaller.
    connected.write("web/files/large", Random::new(1).bytes(LARGE)).unwrap();
    deliver_edition(&connected, &Edition::rke2(), "1.0.0", &["web.yaml", "notes.yaml"]);
    let mut ground = Ground::new(&connected, 1, 0, "components:\n  web: {variant: small}\n");
    let done = ground.install(&[], &[]).success().unwrap();
    assert!(done.stderr.contains("node-0  kernel"), "{done}");
    ground.has_what_the_component_needs_of_the_kernel(overcommit.trim());
    assert!(done.stderr.contains("web: 4 of 4 objects applied, ready"), "{done}");
    deliver_edition(&connected, &Edition::rke2(), "1.1.0", &["web-2.yaml"]);
    ground.carry(&connected, "1.1.0");
    ground
}

impl Ground {
    fn has(&self, namespace: &str, what: &[&str]) -> bool {
        let words = [&["-n", namespace, "get"], what, &["--ignore-not-found", "-o", "name"]].concat();
        !self.kubectl(&words).success().unwrap().stdout.is_empty()
    }

    fn rollback(&self, words: &[&str]) -> Outcome {
        let state = self.site.state().display().to_string();
        let words = [&["rollback", "--site", "site.yaml", "--state", &state], words].concat();
        airgap_tests::run(&mut self.site.jump().ours("airgap-install", &words).unwrap()).unwrap()
    }

    fn values_of_web(&self) -> String {
        let words = ["-n", "kube-system", "get", "helmchart", "web", "-o", "jsonpath={.spec.valuesContent}"];
        self.kubectl(&words).success().unwrap().stdout
    }

    fn has_what_the_component_needs_of_the_kernel(&self, overcommit: &str) {
        let node = self.servers.node(0);
        let said = |path: &str| fs::read_to_string(node.path(path)).unwrap();
        assert!(said("/etc/modules-load.d/airgap-components.conf").ends_with("\noverlay\n"));
        let setting = format!("\nvm.overcommit_ratio = {overcommit}\n");
        assert!(said("/etc/sysctl.d/91-airgap-components.conf").ends_with(&setting));
        // The site has chosen a variant of the values.
        assert!(self.values_of_web().contains("small"), "{}", self.values_of_web());
    }

    /// Everything that helps is in one archive, and no secret.
    fn tells_what_helps(&self) {
        let state = self.site.state().display().to_string();
        let words = ["support-bundle", "--site", "site.yaml", "-o", "support.tar.gz", "--state", &state];
        let ask = || airgap_tests::run(&mut self.site.jump().ours("airgap-install", &words).unwrap()).unwrap();
        ask().success().unwrap();
        let archive = self.site.jump().path("support.tar.gz");
        let list = airgap_tests::run(Command::new("tar").arg("-tzf").arg(&archive)).unwrap().success().unwrap().stdout;
        for page in
            ["site.yaml", "jump/journal.jsonl", "nodes/node-0.txt", "cluster/pods.jsonl", "cluster/events.jsonl"]
        {
            assert!(list.lines().any(|line| line.ends_with(page)), "{page}: {list}");
        }
        let text = airgap_tests::run(Command::new("tar").arg("-xOzf").arg(&archive)).unwrap().success().unwrap().stdout;
        for said in ["rke2-server", "\"kind\":\"Pod\"", "roll-out", "web-"] {
            assert!(text.contains(said), "{said} is missing");
        }
        let token = fs::read_to_string(self.site.state().join("cluster/token")).unwrap();
        for secret in [token.trim(), &self.site.password().unwrap(), "PRIVATE KEY"] {
            assert!(!text.contains(secret), "a secret is told");
        }
        let again = ask().failure().unwrap();
        assert!(again.stderr.contains("support.tar.gz"), "{again}");
    }
}

#[test]
fn what_a_later_bundle_lacks_is_named_and_goes_where_asked_and_a_component_goes_back() {
    let ground = ground();
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    let left = "--  Take notes off\n      it came with platform 1.0.0, and this bundle has it no longer; it stays";
    assert!(plan.stdout.contains(left), "{plan}");

    // Without being asked, only what is no longer part of a component goes. What somebody else has there and is broken is told, and
    // nobody waits for it.
    let image = "--image=docker.io/library/nobody-has-it:1";
    ground.kubectl(&["-n", "shop", "create", "deployment", "somebodys", image]).success().unwrap();
    let done = ground.install(&[], &[]).success().unwrap();
    let beside = "of others in its namespaces and not up: Deployment shop/somebodys: 0 of 1 pods are up";
    assert!(done.stderr.contains(beside), "{done}");
    ground.kubectl(&["-n", "shop", "delete", "deployment", "somebodys"]).success().unwrap();
    assert!(
        done.stderr.contains("web: 1 of 3 objects applied, ready; no longer part of it: 1 objects removed"),
        "{done}"
    );
    assert!(ground.has("shop", &["configmap", "opening-hours"]) && !ground.has("shop", &["configmap", "sale"]));
    assert!(ground.has("notes", &["configmap", "paper"]));
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.contains(left) && plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");

    // What can't be undone by itself says what to do; what is not there, what is.
    for (step, said) in [
        ("node-0/upgrade", "Kubernetes does not go back"),
        ("node-0/release", "uninstall --site FILE --node node-0"),
        ("component/shop", "there are notes, web"),
    ] {
        let refused = ground.rollback(&[step, "--yes"]).failure().unwrap();
        assert!(refused.stderr.contains(said), "{refused}");
    }
    let unsaid = ground.rollback(&["component/web"]).failure().unwrap();
    assert!(unsaid.stderr.contains("confirm with --yes"), "{unsaid}");
    assert!(ground.values_of_web().contains("later"));

    // Back to the bundle before: what that has comes back. The next installation brings the newest in again.
    let back = ground.rollback(&["component/web", "--yes"]).success().unwrap();
    assert!(back.stderr.contains("web: 2 of 4 objects applied, ready"), "{back}");
    assert!(ground.has("shop", &["configmap", "sale"]) && !ground.values_of_web().contains("later"));
    let pruned = ground.install(&[], &["--prune"]).success().unwrap();
    assert!(pruned.stderr.contains("no longer part of it: 1 objects removed"), "{pruned}");
    assert!(ground.values_of_web().contains("later"));

    // Taken off, but for what holds data.
    let gone = "notes: 2 objects removed; left, for it holds data: CustomResourceDefinition notes.example.org, Namespace notes";
    let gone_too = "notes: 2 objects removed; left, for it holds data: Namespace notes, CustomResourceDefinition notes.example.org";
    assert!(pruned.stderr.contains(gone) || pruned.stderr.contains(gone_too), "{pruned}");
    assert!(!ground.has("notes", &["configmap", "paper"]) && ground.has("notes", &["crd", "notes.example.org"]));
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(!plan.stdout.contains("notes") && plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");

    ground.tells_what_helps();

    // No bundle before the first: off it goes, with its release.
    let first = ground.rollback(&["component/web", "--to", "9", "--yes"]).failure().unwrap();
    assert!(first.stderr.contains("no generation 9"), "{first}");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}
