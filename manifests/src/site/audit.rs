//! A policy of what the API server writes down (`audit.k8s.io/v1`), held against what it takes: it does not start with another.

use std::sync::Arc;

use crate::yaml::{Fields, Node as Tree, Problem, Problems, Sink, SourceFile, parse};

const API_VERSION: &str = "audit.k8s.io/v1";
const KIND: &str = "Policy";
const LEVELS: [&str; 4] = ["None", "Metadata", "Request", "RequestResponse"];
const STAGES: [&str; 4] = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];

/// Checks a policy.
///
/// # Errors
/// [`Problems`]: everything that is wrong with it, each at its place.
pub fn check_audit_policy(file: &Arc<SourceFile>) -> Result<(), Problems> {
    let sink = Sink::default();
    match parse(file, &sink) {
        Ok(root) => policy(&root, &sink),
        Err(problem) => {
            sink.add(*problem);
            None
        }
    };
    if sink.is_empty() { Ok(()) } else { Err(sink.into_problems(file)) }
}

fn policy(tree: &Tree, sink: &Sink) -> Option<()> {
    let mut fields = Fields::of(tree, "a policy", sink)?;
    for (name, wanted) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        let said = fields.required(name, &format!("write `{name}: {wanted}`"));
        said.and_then(|tree| one_of(tree, &[wanted], sink));
    }
    // The API server looks at neither.
    fields.get("metadata");
    stages(&mut fields);
    fields.boolean("omitManagedFields");
    let rules = fields.required("rules", "list the rules; the first that a request fits decides");
    let rules = rules.and_then(|tree| Some((tree, tree.list("rules", sink)?)));
    fields.finish();
    let (tree, rules) = rules?;
    if rules.is_empty() {
        let problem = Problem::new(tree.head(), "a policy without rules writes nothing down", "no rules");
        sink.add(problem.with_help("leave `auditPolicy` out of site.yaml where nothing is to be written down"));
    }
    for tree in rules.iter().take_while(|_| !sink.is_full()) {
        rule(tree, sink);
    }
    Some(())
}

fn rule(tree: &Tree, sink: &Sink) {
    let Some(mut fields) = Fields::of(tree, "a rule", sink) else { return };
    let level = fields.required("level", "write `level:` with one of None, Metadata, Request, RequestResponse");
    level.and_then(|tree| one_of(tree, &LEVELS, sink));
    for name in ["users", "userGroups", "verbs", "namespaces", "nonResourceURLs"] {
        fields.list(name, text);
    }
    fields.list("resources", resources);
    stages(&mut fields);
    fields.boolean("omitManagedFields");
    if let (Some(resources), Some(urls)) = (fields.key("resources"), fields.key("nonResourceURLs")) {
        let problem = Problem::new(urls, "a rule is of resources or of other URLs", "of other URLs");
        sink.add(problem.with_other(resources, "of resources").with_help("make two rules of it"));
    }
    fields.finish();
}

fn resources(tree: &Tree, sink: &Sink) -> Option<()> {
    let mut fields = Fields::of(tree, "the resources of a rule", sink)?;
    fields.get("group").and_then(|tree| text(tree, sink));
    fields.list("resources", text);
    fields.list("resourceNames", text);
    fields.finish();
    Some(())
}

fn stages(fields: &mut Fields<'_>) {
    fields.list("omitStages", |tree, sink| one_of(tree, &STAGES, sink));
}

fn text(tree: &Tree, sink: &Sink) -> Option<()> {
    tree.text(sink).map(drop)
}

fn one_of(tree: &Tree, words: &[&str], sink: &Sink) -> Option<()> {
    let said = tree.text(sink)?;
    if words.contains(&said) {
        return Some(());
    }
    let message = format!("`{}` is not known here", said.chars().take(80).collect::<String>());
    let help = format!("write {}", words.join(", or "));
    sink.add(Problem::new(&tree.location, message, "this word").with_help(help));
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let checked = check_audit_policy(&SourceFile::new("audit.yaml", text));
        let list = checked.err().map(Problems::into_list).unwrap_or_default();
        list.iter().map(|problem| format!("{}: {problem}", problem.location())).collect()
    }

    #[test]
    fn a_policy_is_read_as_the_api_server_reads_it() {
        let good = "apiVersion: audit.k8s.io/v1\nkind: Policy\nmetadata: {name: a}\nomitStages: [RequestReceived]\nrules:\n\
                    - {level: None, users: ['system:kube-proxy'], verbs: [watch], resources: [{group: '', resources: [services]}]}\n\
                    - {level: None, nonResourceURLs: ['/healthz*'], userGroups: [a], namespaces: ['']}\n\
                    - {level: Metadata, omitManagedFields: true, omitStages: [Panic]}\n";
        assert_eq!(problems(good), [""; 0]);
    }

    #[test]
    fn what_would_keep_the_api_server_from_starting_is_named_at_its_line() {
        let bad = "apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules:\n- {level: All}\n- {verbs: [get]}\n\
                   - {level: None, resource: []}\n- {level: None, resources: [{groups: ''}], nonResourceURLs: [/a]}\n\
                   - {level: Metadata, omitStages: [Begin], users: 7}\n";
        insta::assert_snapshot!(problems(bad).join("\n"));
        insta::assert_snapshot!(problems("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n").join("\n"));
        insta::assert_snapshot!(problems("rules:\n- level: None\n").join("\n"));
    }
}
