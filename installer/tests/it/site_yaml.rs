//! `site init` and `site check`: a draft becomes a site once it is filled in, and no secret gets into or out of one.

use std::os::unix::fs::PermissionsExt as _;

use crate::context::{Context, filters};

const INVENTORY: &str = "\
localhost ansible_connection=local
[kube_control_plane]
server[1:3] ansible_user=ops
[kube_control_plane:vars]
ansible_become_password=hunter2
[workers]
worker_1 ansible_host=10.0.0.21 ansible_port=2222
worker-2 ansible_host=worker-2.example.org ip=10.0.0.22 ansible_user=admin ansible_ssh_pass='hunter 2'
10.0.0.23
[bastion]
gate.example.org ansible_ssh_common_args='-o ProxyJump=other'
[all:vars]
ansible_user=ops
ansible_ssh_private_key_file=~/keys/id
";

impl Context {
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn set_mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// A draft as somebody fills it in: a value for each line that has none.
fn filled(draft: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    let empty = ["name:", "address:", "user:", "vip:", "- name:"];
    let line = |line: &str| {
        let (code, _) = line.split_once("  # ").unwrap_or((line, ""));
        if !line.trim_start().starts_with('#') && empty.contains(&code.trim()) {
            format!("{code} {}\n", values.next().unwrap())
        } else {
            format!("{line}\n")
        }
    };
    let text = draft.lines().map(line).collect();
    assert_eq!(values.next(), None, "{text}");
    text
}

#[test]
fn an_empty_draft_names_what_is_missing_and_is_a_site_once_it_is_filled_in() {
    let context = Context::new();
    context.run(&["site", "init", "-o", "site.yaml"]).succeeded();
    let draft = std::fs::read_to_string(context.path("site.yaml")).unwrap();
    assert_eq!(context.run(&["site", "init"]).succeeded().stdout, draft, "without -o it goes to standard output");
    let again = context.run(&["site", "init", "-o", "site.yaml"]);
    assert_eq!((again.code, std::fs::read_to_string(context.path("site.yaml")).unwrap()), (Some(1), draft.clone()));
    let missing = context.run(&["site", "check", "site.yaml"]);
    context.write("site.yaml", &filled(&draft, &["plant-7", "platform", "10.0.0.2", "ops", "server-1", "10.0.0.11"]));
    let checked = context.run(&["site", "check", "site.yaml"]).succeeded();
    assert!(!context.state().exists(), "nothing is kept");
    let _filters = filters();
    insta::assert_snapshot!([again, missing, checked].map(|ended| ended.show()).join("\n"));
}

/// What a draft proposes in comments is right, too.
#[test]
fn what_a_draft_proposes_in_comments_is_read() {
    let context = Context::new();
    let draft = context.run(&["site", "init"]).succeeded().stdout;
    let text = filled(&draft, &["plant-7", "platform", "10.0.0.2", "ops", "server-1", "10.0.0.11"]);
    let commented =
        ["# bastions:", "#   dmz:", "#     host:", "# ntp:", "# components:", "# certificates:", "# registries:"];
    let (mut open, mut opened) = (false, 0);
    let line = |line: &str| {
        open = line.starts_with('#') && (open || commented.iter().any(|start| line.starts_with(start)));
        opened += usize::from(open);
        format!("{}\n", if open { line.trim_start_matches("# ") } else { line })
    };
    let text: String = text.lines().map(line).collect();
    assert!(opened > 15, "{text}");
    context.write("site.yaml", &text);
    for name in ["ca.pem", "root.pem", "site-ca.pem", "site-ca.key", "harbor-admin"] {
        context.write(name, "");
        context.set_mode(name, 0o600);
    }
    context.run(&["site", "check", "site.yaml"]).succeeded();
}

#[test]
fn an_inventory_becomes_a_site_without_its_passwords() {
    let context = Context::new();
    context.write("hosts.ini", INVENTORY);
    let drawn = context.run(&["site", "init", "--from-inventory", "hosts.ini"]).succeeded();
    assert!(!drawn.show().contains("hunter"), "{}", drawn.show());
    let values = ["plant-7", "platform", "10.0.0.2", "10.0.0.11", "10.0.0.12", "10.0.0.13", "worker-3", "10.0.0.10"];
    context.write("site.yaml", &filled(&drawn.stdout, &values));
    std::fs::create_dir(context.path("keys")).unwrap();
    context.write("keys/id", "");
    context.set_mode("keys/id", 0o600);
    let checked = context.run(&["site", "check", "site.yaml"]).succeeded();
    let _filters = filters();
    insta::assert_snapshot!([drawn, checked].map(|ended| ended.show()).join("\n"));
}

/// A password that all machines have is asked for once, under the site's own `become`.
#[test]
fn a_sudo_password_of_all_machines_is_asked_for_once() {
    let context = Context::new();
    context.write(
        "hosts.ini",
        "[servers]\ns1 ansible_host=10.0.0.1\n[all:vars]\nansible_become_pass = hunter2 x\nansible_user=ops\n",
    );
    let drawn = context.run(&["site", "init", "--from-inventory", "hosts.ini"]).succeeded();
    assert!(drawn.stdout.contains("\nbecome: {password: {prompt: \"sudo password\"}}\n"), "{}", drawn.show());
    assert!(!drawn.show().contains("hunter2"));
    context.write("site.yaml", &filled(&drawn.stdout, &["plant-7", "platform", "10.0.0.2"]));
    let checked = context.run(&["site", "check", "site.yaml", "-o", "json"]).succeeded().json();
    assert_eq!(checked["secrets"][0]["source"], "asked: sudo password");
    assert_eq!(
        (&checked["nodes"][0]["become"], &checked["nodes"][0]["reachedAt"]),
        (&"password".into(), &"10.0.0.1:22".into())
    );
}

#[test]
fn an_inventory_that_cant_be_read_is_refused_at_its_lines() {
    let context = Context::new();
    context.write("hosts.ini", "[a]\nnode[1:3 ansible_become_pass=hunter2\nx y\n'z\n[a:other]\n[b:vars]\nnothing\n");
    let refused = context.run(&["site", "init", "--from-inventory", "hosts.ini"]);
    assert!(!refused.show().contains("hunter2"));
    let missing = context.run(&["site", "init", "--from-inventory", "none.ini"]);
    insta::assert_snapshot!([refused, missing].map(|ended| ended.show()).join("\n"));
}

#[test]
fn files_that_a_site_names_have_to_be_there_and_secrets_be_kept_from_others() {
    let context = Context::new();
    context.write(
        "site.yaml",
        "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {name: platform, versions: \"*\"}\n\
         jumpHost: {address: 10.0.0.2}\nssh:\n  user: ops\n  key: ./id\n  certificate: ./id-cert.pub\n\
         become:\n  password: {file: sudo}\nnodes:\n- {name: server-1, address: 10.0.0.11, role: server}\n",
    );
    context.write("id", "");
    context.set_mode("id", 0o600);
    context.write("sudo", "");
    context.set_mode("sudo", 0o644);
    let refused = context.run(&["site", "check", "site.yaml"]);
    context.set_mode("sudo", 0o600);
    context.write("id-cert.pub", "");
    context.run(&["site", "check", "site.yaml"]).succeeded();
    let _filters = filters();
    insta::assert_snapshot!(refused.show());
}

#[test]
fn the_schema_is_that_of_the_documentation() {
    let context = Context::new();
    let shown = context.run(&["site", "schema"]).succeeded().json();
    let documented: serde_json::Value = serde_json::from_str(include_str!("../../../docs/schema/site.json")).unwrap();
    assert_eq!(shown, documented);
}
