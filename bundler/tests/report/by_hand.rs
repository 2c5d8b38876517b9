//! The commands that the report tells are run as they stand there, with stock tools.

use manifests::fake;
use serde_json::Value;

use crate::sample;
use crate::site::Site;

/// The commands of the report on a bundle, as one script that stops at the first that fails.
fn script(site: &Site, words: &str) -> String {
    let report: Value = serde_json::from_str(&site.run(&format!("report {words} -o json")).ok()).unwrap();
    let steps = report["byHand"].as_array().unwrap();
    steps.iter().map(|step| format!("{}\n", step["command"].as_str().unwrap())).collect()
}

fn run(site: &Site, script: &str) -> std::process::Output {
    site.command("sh").args(["-euc", &format!("exec 2>&1\n{script}")]).output().unwrap()
}

#[test]
fn they_work_for_one_file_and_for_volumes_and_for_odd_names() {
    for (name, volume) in
        [("platform.tar.zst", None), ("an odd 'name'.tar.zst", None), ("volumes.tar.zst", Some(5 << 20))]
    {
        let site = Site::new();
        let bundle = sample::platform("1.4.0");
        let signature = fake::sign(bundle.plan().document_bytes());
        let files = bundle.write_with(&site.path(name), volume, &[signature]);
        assert_eq!(files.len() > 1, volume.is_some());
        site.write("allowed_signers", &fake::allowed_signers());
        std::fs::create_dir(site.path("given")).unwrap();
        files.iter().for_each(|file| drop(std::fs::rename(file, site.path("given").join(file.file_name().unwrap()))));
        std::fs::rename(site.path("allowed_signers"), site.path("given/allowed_signers")).unwrap();
        let script = script(&site, "given --trust given/allowed_signers");
        let output = run(&site, &format!("cd given\n{script}"));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{script}\n{said}");
        assert!(said.contains("Good \"airgap-bundle\" signature for ci@example.com"), "{said}");
        assert!(said.contains("checked/bundle.json: OK") && said.contains("checked/SHA256SUMS: OK"), "{said}");
    }
}

#[test]
fn without_trust_the_file_of_signers_says_who_it_is() {
    let site = Site::new();
    site.write("allowed_signers", &fake::allowed_signers());
    let script = script(&site, "demo.tar.zst");
    assert!(script.contains("find-principals"), "{script}");
    let output = run(&site, &script);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("signature for ci@example.com"), "{script}\n{said}");
}

#[test]
fn they_notice_what_they_must() {
    let site = Site::new();
    site.write("allowed_signers", &fake::allowed_signers());
    let told = script(&site, "demo.tar.zst --trust allowed_signers");
    // Another bundle under the name that the report speaks of.
    sample::platform("9.9.9").write(&site.path("demo.tar.zst"));
    let output = run(&site, &told);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains("checked/bundle.json: FAILED"), "{said}");
}
