//! What a node may answer.
#![allow(clippy::unwrap_used)]

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::*;
use crate::host::{Exit, Output};
use crate::rollout::fixture::{Nodes, want};

const UNIT: &str = "unit active enabled\nversion v1.30.6+rke2r1\nfingerprint \n";

/// A machine that always answers the same.
#[derive(Debug)]
struct Parrot(String);

impl Host for Parrot {
    fn name(&self) -> &str {
        "n1"
    }

    fn run<'a>(&'a self, _: &'a Command) -> BoxFuture<'a, Result<Output, HostError>> {
        let stdout = self.0.clone().into_bytes();
        async move { Ok(Output { exit: Exit::Code(0), stdout, stderr: Vec::new(), cut: false }) }.boxed()
    }
}

/// What is made of an answer to a question for six files and three packages.
async fn taken(answer: &str) -> Result<Survey, String> {
    let want = want(&Nodes::stock(1, 0).site.nodes[0]);
    Survey::take(&Parrot(answer.to_owned()), &want).await.map_err(|error| error.to_string())
}

#[test]
fn answers_keep_their_order() {
    let fingerprint = Digest::of(b"all of it");
    let said = format!(
        "file same\nfile absent\nfile differs\npackage absent\npackage same\npackage differs\n\
         ours /etc/rancher/rke2/config.yaml\nunit active enabled\nversion v1.30.6+rke2r1\nfingerprint {fingerprint}\n"
    );
    let survey = Survey {
        files: vec![FileState::Same, FileState::Absent, FileState::Differs],
        packages: vec![PackageState::Absent, PackageState::Same, PackageState::Differs],
        ours: vec!["/etc/rancher/rke2/config.yaml".into()],
        active: true,
        enabled: true,
        version: Some("v1.30.6+rke2r1".parse().unwrap()),
        started: Some(fingerprint),
    };
    assert_eq!(Survey::parse(&said), Ok(survey));
}

#[test]
fn a_unit_that_is_not_there_or_does_something_else_does_not_run() {
    for unit in ["unit inactive ", "unit unknown not-found", "unit activating disabled", "unit failed enabled-runtime"]
    {
        let said = format!("{unit}\nversion \nfingerprint \n");
        let survey = Survey::parse(&said).unwrap();
        assert!(!survey.active && !survey.enabled && survey.started.is_none() && survey.version.is_none(), "{unit}");
    }
    let survey = Survey::parse("unit active enabled\nversion \nfingerprint sha256:beef\n").unwrap();
    assert_eq!((survey.active, survey.started), (true, None), "what is no digest is none of ours");
}

#[test]
fn what_is_no_answer_is_refused() {
    for line in [
        "",
        "ours ",
        "ours etc/passwd",
        "ours /etc/rancher/../passwd",
        "file",
        "file same ",
        "file same same",
        " file same",
        "FILE SAME",
        "file\tsame",
        "package newer",
        "unit active",
        "unit active enabled enabled",
        "version",
        "version 1.30",
        "version v1.30.6+rke2r1 twice",
        "fingerprint",
        "fingerprint one two",
        "\u{1b}[2J",
        "sudo: unable to resolve host n1",
    ] {
        assert_eq!(Survey::parse(&format!("file same\n{line}\n{UNIT}")), Err(line));
    }
}

#[test]
fn an_answer_that_is_cut_off_or_said_twice_is_refused() {
    for said in
        ["", "file same\n", "file same\nunit active enabled\n", "fingerprint \n", "unit active enabled\nfingerprint \n"]
    {
        assert_eq!(Survey::parse(said), Err(UNFINISHED), "{said:?}");
    }
    assert_eq!(Survey::parse(&format!("{UNIT}unit inactive disabled\n")), Err("unit inactive disabled"));
    let second = format!("fingerprint {}", Digest::of(b"another"));
    assert_eq!(Survey::parse(&format!("{UNIT}{second}\n")), Err(second.as_str()));
}

#[tokio::test]
async fn there_is_an_answer_for_each_question_and_no_other() {
    let answers = |files: usize, packages: usize| {
        format!("{}{}{UNIT}", "file same\n".repeat(files), "package same\n".repeat(packages))
    };
    assert_eq!(taken(&answers(8, 3)).await.unwrap().files.len(), 8);
    for (files, packages) in [(0, 0), (7, 3), (9, 3), (8, 2), (8, 4), (3, 8), (100_000, 3)] {
        let refused = taken(&answers(files, packages)).await.unwrap_err();
        assert_eq!(refused, "n1 answered in a way that is not understood: not an answer for each question");
    }
}

#[tokio::test]
async fn a_long_line_is_not_shown_whole() {
    let refused = taken(&"ß".repeat(100_000)).await.unwrap_err();
    assert_eq!(refused.chars().filter(|c| *c == 'ß').count(), 200);
}
