//! Every command that writes for programs does so as docs/json-output.md says.

use crate::context::Context;

const PAGE: &str = include_str!("../../../docs/json-output.md");

/// What the page says of a command.
fn section(command: &str) -> &'static str {
    let heading = format!("\n## `{command}`\n");
    let (_, rest) = PAGE.split_once(&heading).unwrap_or_else(|| panic!("the page does not tell of `{command}`"));
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

/// The commands at and below one that take `-o`, by their help.
fn with_output(context: &Context, command: &[&str]) -> Vec<String> {
    let help = context.run(&[command, &["--help"]].concat()).succeeded().stdout;
    let mut found = Vec::new();
    if help.contains("--output <FORMAT>") {
        found.push(command.join(" "));
    }
    let commands = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest);
    let lines = commands.split("\n\n").next().unwrap_or_default().lines();
    // A name stands two columns in; what is further in goes on with the line before.
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        found.extend(with_output(context, &[command, &[name]].concat()));
    }
    found
}

#[test]
fn every_document_has_the_schemas_version_and_the_fields_of_the_page() {
    let context = Context::with_bundle();
    std::fs::write(
        context.path("site.yaml"),
        "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {name: demo, versions: \"*\"}\n\
         jumpHost: {address: 10.0.0.2}\nssh: {user: root}\n\
         nodes:\n- {name: server-1, address: 10.0.0.11, role: server}\n",
    )
    .unwrap();
    let bundle = ["--bundle", "bundle.tar.zst", "--trust", "allowed_signers"];
    let runs: [(&str, &str, &[&str]); 11] = [
        ("plan", "plan", &bundle),
        ("", "plan", &[&bundle[..], &["--no-serve", "--dry-run"]].concat()),
        ("", "", &[&bundle[..], &["--no-serve"]].concat()),
        ("plan", "plan", &bundle),
        ("verify", "verify", &bundle),
        ("verify", "verify", &[]),
        ("status", "status", &[]),
        ("report", "report", &[]),
        ("receipt", "receipt", &[]),
        ("packages list", "packages list", &[]),
        ("site check", "site check", &["site.yaml"]),
    ];
    for (command, named, arguments) in runs {
        let words: Vec<&str> = command.split_whitespace().collect();
        let told = context.run(&[&words[..], arguments, &["-o", "json"]].concat()).succeeded().json();
        assert_eq!(told["schemaVersion"], 1, "{command}: {told}");
        let section = section(format!("airgap-install {named}").trim());
        for key in told.as_object().unwrap().keys().filter(|key| *key != "schemaVersion") {
            assert!(section.contains(&format!("`{key}`")), "the page lacks `{key}` of `{command}`: {told}");
        }
    }
    let mut all = with_output(&context, &[]);
    // These take machines to talk to: end-to-end tests look at what they say.
    let of_nodes = ["audit", "git push", "preflight", "site ping"];
    all.retain(|command| !of_nodes.contains(&command.as_str()) && !runs.iter().any(|(known, ..)| known == command));
    assert!(all.is_empty(), "these are not in this test: {all:?}");
}
