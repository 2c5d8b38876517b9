//! What is shipped and was installed as it is shipped, and the proof of where all of it came from.

use serde_json::{Value, json};

use super::{OWN, Platform, SHIPPED, ZONE, until};
use airgap_tests::Outcome;

/// A pod that asks for more than a tenant has.
const GREEDY: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: greedy}\nspec:\n  containers:\n    - name: greedy\n      \
                      image: docker.io/example/workbench:1.0\n      resources: {requests: {memory: 3Gi}, limits: {memory: 3Gi}}\n      \
                      securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true, runAsUser: 1, \
                      capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}\n";

impl Platform {
    pub(super) fn shipped_components_do_what_they_say(&self) {
        self.names_are_published_with_the_key();
        self.tenants_have_their_limits();
        self.pods_are_restricted();
        self.policies_of_the_network_are_there();
        self.what_people_do_is_written_down();
    }

    /// `bind9`, as external-dns would use it.
    fn names_are_published_with_the_key(&self) {
        let secret =
            ["-n", "dns", "get", "secret", "external-dns-tsig", "-o", "go-template={{.data.secret | base64decode}}"];
        let key = format!("hmac-sha256:external-dns:{}", self.ground.kubectl(&secret).success().unwrap().stdout);
        let update = |options: &[&str]| {
            let change = format!("server bind9.dns.svc\nupdate add shop.{ZONE} 60 A 192.0.2.7\nsend\n");
            let line = "change=$1; shift; printf %s \"$change\" | nsupdate \"$@\"";
            self.in_pod(&[&["sh", "-c", line, "sh", &change], options].concat())
        };
        let unsigned = update(&[]).failure().unwrap();
        assert!(unsigned.stderr.contains("REFUSED"), "{unsigned}");
        update(&["-y", &key]).success().unwrap();
        let ask = |name: &str| {
            let said = self.in_pod(&["dig", "+short", "@bind9.dns.svc", &format!("{name}.{ZONE}")]);
            said.success().unwrap().stdout
        };
        assert_eq!((ask("shop"), ask("ns")), ("192.0.2.7\n".to_owned(), "10.77.0.53\n".to_owned()));
    }

    /// `tenant-quotas`.
    fn tenants_have_their_limits(&self) {
        let greedy = self.apply("shop", GREEDY).failure().unwrap();
        assert!(greedy.stderr.contains("exceeded quota: tenant"), "{greedy}");
        let may = |group: &str| {
            let who = ["--as=somebody", &format!("--as-group={group}")];
            self.ground.kubectl(&[&["-n", "shop", "auth", "can-i", "create", "deployments"], &who[..]].concat()).stdout
        };
        assert_eq!((may("shop-operators").trim(), may("auditors").trim()), ("yes", "no"));
    }

    fn apply(&self, namespace: &str, manifest: &str) -> Outcome {
        let manifest = self.ground.site.jump().write("object.yaml", manifest).unwrap().display().to_string();
        self.ground.kubectl(&["-n", namespace, "apply", "-f", &manifest])
    }

    /// `pod-security`, over what the site says for all.
    fn pods_are_restricted(&self) {
        let plain = "apiVersion: v1\nkind: Pod\nmetadata: {name: plain}\nspec:\n  \
                     containers: [{name: plain, image: docker.io/example/workbench:1.0}]\n";
        let refused = self.apply("default", plain).failure().unwrap();
        assert!(refused.stderr.contains("violates PodSecurity \"restricted:latest\""), "{refused}");
        let label = r"jsonpath={.metadata.labels.pod-security\.kubernetes\.io/enforce}";
        let level = self.ground.kubectl(&["get", "namespace", "kube-public", "-o", label]).success().unwrap().stdout;
        assert_eq!(level, "restricted");
    }

    /// `network-policy-baseline`. The network of the stand-in holds nobody to them.
    fn policies_of_the_network_are_there(&self) {
        let names = ["-n", "vet-clinic", "get", "networkpolicies", "-o", "jsonpath={.items[*].metadata.name}"];
        let names = self.ground.kubectl(&names).success().unwrap().stdout;
        assert_eq!(names, "allow-dns allow-from allow-within deny-all");
    }

    /// `audit-policy`: who went into a container, and with what.
    fn what_people_do_is_written_down(&self) {
        self.in_pod(&["echo", "remember-this"]).success().unwrap();
        let events = "grep remember-this /var/lib/rancher/rke2/server/logs/audit.log";
        let events = until("the log has it", || Ok(self.ground.servers.node(0).shell(events)?.success()?.stdout));
        let event: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
        assert_eq!((&event["objectRef"]["subresource"], &event["level"]), (&json!("exec"), &json!("Request")));
    }

    /// The report names all components, knows every image, and nothing tried to leave; a look again finds the same.
    pub(super) fn all_of_it_came_from_the_bundle(&self) {
        let ground = &self.ground;
        let report = ground.ask(&["report", "-o", "json"]).success().unwrap().stdout;
        let report: Value = serde_json::from_str(&report).unwrap();
        let cluster = &report["cluster"];
        let installed: Vec<_> = cluster["components"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for component in OWN.into_iter().chain(SHIPPED) {
            assert!(installed.contains(&component), "{component}: {installed:?}");
        }
        for image in cluster["images"].as_array().unwrap() {
            assert!(["carried", "archived"].map(Value::from).contains(&image["verdict"]), "{image:#}");
        }
        for node in ["node-0", "node-1"] {
            assert_eq!(cluster["egress"][node]["packets"], 0, "{report:#}");
        }
        let audit = ground.audit().success().unwrap();
        assert!(audit.stdout.starts_with("Images: all "), "{audit}");
        let plan = ground.install(&["plan"], &[]).success().unwrap();
        assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
        assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
    }
}
