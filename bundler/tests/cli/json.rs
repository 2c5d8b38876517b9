//! Every command that writes for programs does so as docs/json-output.md says.

use crate::site::Site;

const PAGE: &str = include_str!("../../../docs/json-output.md");

/// What the page says of a command.
fn section(command: &str) -> &'static str {
    let name = format!("`airgap-bundle {command}`");
    let sections = PAGE.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap());
    let section = sections.into_iter().find(|(heading, _)| heading.contains(&name));
    section.unwrap_or_else(|| panic!("the page does not tell of {name}")).1
}

/// The commands at and below one that write for programs, by their help.
fn with_output(site: &Site, command: &str) -> Vec<String> {
    let help = site.run(&format!("{command} --help")).ok();
    let mut found = Vec::new();
    if help.contains("--output <FORMAT>") || help.contains("--format <FORMAT>") {
        found.push(command.trim().to_owned());
    }
    let commands = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest);
    let lines = commands.split("\n\n").next().unwrap_or_default().lines();
    // A name stands two columns in; what is further in goes on with the line before.
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        found.extend(with_output(site, &format!("{command} {name}")));
    }
    found
}

#[test]
fn every_document_has_the_schemas_version_and_the_fields_of_the_page() {
    let site = Site::new();
    site.write("motd", "welcome\n");
    site.write(
        "stack.yaml",
        "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: 2.0.0\ncreated: 2026-11-21\n\
         files:\n  - path: motd\n    file: ./motd\n",
    );
    for folder in ["advisories", "components", "stacks"] {
        std::fs::create_dir(site.path(folder)).unwrap();
    }
    site.write("components/web.yaml", "apiVersion: airgap/v1\nkind: Component\nname: web\nimages: [web:1.0]\n");
    site.write(
        "stacks/demo.yaml",
        "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: 1.0.0\ncreated: 2026-11-21\ncomponents: [web]\n",
    );
    site.write(
        "advisories/one.json",
        r#"{"id": "TEST-1", "modified": "2026-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": "Debian:12", "name": "web"}}]}"#,
    );
    let runs = [
        ("build", "build stack.yaml -o built.tar.zst --unsigned --cache cache --format json"),
        ("components", "components --folder components -o json"),
        ("stacks", "stacks --folder stacks -o json"),
        ("lock", "lock stack.yaml -o json"),
        ("outdated", "outdated stack.yaml -o json"),
        ("discover", "discover stack.yaml -o json"),
        ("keygen", "keygen key -o json"),
        ("inspect", "inspect demo.tar.zst --trust trust -o json"),
        ("list", "list demo.tar.zst --trust trust -o json"),
        ("verify", "verify demo.tar.zst --trust trust -o json"),
        ("diff", "diff demo.tar.zst built.tar.zst --look-inside --database advisories -o json"),
        (
            "report",
            "report demo.tar.zst --trust trust --base built.tar.zst --look-inside --database advisories --format json",
        ),
        ("advisories", "advisories demo.tar.zst --trust trust --database advisories -o json"),
        ("cache info", "cache info cache -o json"),
        ("cache prune", "cache prune cache --keep 0 -o json"),
    ];
    for (command, words) in runs {
        let told: serde_json::Value = serde_json::from_str(&site.run(words).ok()).unwrap();
        assert_eq!(told["schemaVersion"], 1, "{command}: {told}");
        // These say what changed, in the fields of `diff`.
        let page = match command {
            "lock" | "outdated" => format!("{}{}", section(command), section("diff")),
            _ => section(command).to_owned(),
        };
        let own = told.as_object().unwrap().keys();
        let below = ["inside", "advisories"].into_iter().filter_map(|key| told[key].as_object());
        for key in own.chain(below.flat_map(serde_json::Map::keys)).filter(|key| *key != "schemaVersion") {
            assert!(page.contains(&format!("`{key}`")), "the page lacks `{key}` of `{command}`: {told}");
        }
    }
    let mut all = with_output(&site, "");
    // What it writes has a schema of others.
    all.retain(|command| command != "sbom");
    all.retain(|command| !runs.iter().any(|(known, _)| known == command));
    assert!(all.is_empty(), "these are not in this test: {all:?}");
}
