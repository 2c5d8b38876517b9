//! `build` from what lies on disk: what it refuses, and what it leaves alone.

use crate::shown;
use crate::site::Site;
use crate::volumes::noise;

/// A site with a stack of one chart, in the folder `chart`.
fn with_chart() -> Site {
    let site = Site::new();
    site.tool("mkdir -p chart/templates");
    site.write("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    site.write(
        "stack.yaml",
        "apiVersion: airgap/v1\nkind: Stack\nname: platform\nversion: 1.2.3\ncreated: 2026-11-21\n\
         charts: [{ name: web, path: chart }]\n",
    );
    site
}

#[test]
fn a_stack_that_is_a_folder_is_told_with_what_to_name() {
    let site = Site::new();
    shown!(site.run("build . -o a --unsigned"), @r"
    exit 1
    --- stdout
    --- stderr
    error: can't read the stack .
      caused by: Is a directory (os error 21)
      help: name the stack's file, such as platform.yaml
    ");
}

#[test]
fn a_chart_that_links_to_what_is_outside_of_it_is_not_built() {
    let site = with_chart();
    site.write("secret", "a key of the building machine");
    site.tool("ln -s ../../secret chart/templates/notes.txt");
    let said = site.run("build stack.yaml -o a.tar.zst --unsigned").fails(1);
    let outside = format!(
        "chart/templates/notes.txt leads out of the chart's folder, to {}",
        std::fs::canonicalize(site.path("secret")).unwrap().display()
    );
    assert!(said.contains(&outside) && said.contains("stack.yaml:6:18"), "{said}");
    assert!(said.contains("leave the link out with .helmignore"), "{said}");
    assert!(!site.path("a.tar.zst").exists());
    site.write("chart/.helmignore", "notes.txt\n");
    site.run("build stack.yaml -o a.tar.zst --unsigned").ok();
}

#[test]
fn what_lies_beside_the_output_under_the_names_of_unfinished_work_is_left_alone() {
    for name in ["a.partial", "a.partial.journal"] {
        let site = with_chart();
        site.write(name, "mine");
        let said = site.run("build stack.yaml -o a --unsigned").fails(2);
        assert!(said.contains(&format!("`{name}` is there and is no ")), "{said}");
        assert_eq!(std::fs::read_to_string(site.path(name)).unwrap(), "mine");

        // Nor is anything written through a link.
        std::fs::rename(site.path(name), site.path("precious")).unwrap();
        site.tool(&format!("ln -s precious {name}"));
        let said = site.run("build stack.yaml -o a --unsigned").fails(2);
        assert!(said.contains(&format!("`{name}` is a link")), "{said}");
        assert_eq!(std::fs::read_to_string(site.path("precious")).unwrap(), "mine");
        assert!(!site.path("a").exists());
    }
}

#[test]
fn a_bundle_with_another_name_is_not_signed_in_its_place() {
    let site = with_chart();
    site.run("build stack.yaml -o a --unsigned").ok();
    site.run("keygen one").ok();
    site.tool("ln a kept");
    let said = site.run("sign a --key one").fails(1);
    assert!(said.contains("a has another name (a hard link)") && said.contains("cp a signed.tar.zst"), "{said}");
    site.tool("cp a b");
    site.run("sign b --key one").ok();
}

#[test]
fn a_deadline_of_no_time_is_none() {
    let said = with_chart().run("build stack.yaml -o a --unsigned --deadline 0s").fails(2);
    assert!(said.contains("`0s` is not a duration"), "{said}");
}

/// Adds a stack `files.yaml` with 14 MiB that do not shrink.
fn with_files(site: &Site) {
    std::fs::write(site.path("big.bin"), noise(14 << 20)).unwrap();
    site.write(
        "files.yaml",
        "apiVersion: airgap/v1\nkind: Stack\nname: platform\nversion: 1.2.3\ncreated: 2026-11-21\n\
         files: [{ path: big.bin, file: big.bin }]\n",
    );
}

/// Whether stock OpenSSH accepts `a.set.json.sig` as a signature by a key.
fn is_set_signed_by(site: &Site, key: &str) -> bool {
    let public = std::fs::read_to_string(site.path(&format!("{key}.pub"))).unwrap();
    site.write("signers", &format!("{key} {public}"));
    let check = ["-Y", "verify", "-f", "signers", "-I", key, "-n", "airgap-bundle", "-s", "a.set.json.sig"];
    let document = std::fs::File::open(site.path("a.set.json")).unwrap();
    let output = site.command("ssh-keygen").args(check).stdin(document).output().expect("ssh-keygen is needed");
    output.status.success()
}

#[test]
fn volumes_that_are_up_to_date_get_back_what_lies_beside_them() {
    let site = Site::new();
    with_files(&site);
    site.run("keygen one").ok();
    site.run("keygen two").ok();
    let first = site.run("build files.yaml -o a --split 6MiB --key one").ok();
    let there = ["a.001", "a.002", "a.003", "a.004", "a.set.json", "a.set.json.sig"];
    assert!(there.iter().all(|name| first.lines().any(|line| line == format!("file        {name}"))), "{first}");
    let set = std::fs::read(site.path("a.set.json")).unwrap();
    assert!(is_set_signed_by(&site, "one"));

    site.tool("rm a.set.json");
    let again = site.run("build files.yaml -o a --split 6MiB --key one").ok();
    assert!(again.contains("1.2.3, up to date"), "{again}");
    assert_eq!(again.lines().skip(1).collect::<Vec<_>>(), first.lines().skip(1).collect::<Vec<_>>());
    assert!(std::fs::read(site.path("a.set.json")).unwrap() == set);

    let other = site.run("build files.yaml -o a --split 6MiB --key two").ok();
    assert!(other.contains("up to date") && other.contains("signatures  2"), "{other}");
    assert!(is_set_signed_by(&site, "two"));
    let signatures = std::fs::read_to_string(site.path("a.set.json.sig")).unwrap();
    assert_eq!(signatures.matches("BEGIN SSH SIGNATURE").count(), 2);

    site.tool("rm a.set.json.sig");
    let signed = site.run("sign a --key one").ok();
    assert_eq!(signed, "these keys have signed it already\nwrote a.set.json.sig\n");
    assert!(is_set_signed_by(&site, "one"));
}

#[test]
fn another_size_of_volumes_is_another_bundle() {
    let site = Site::new();
    with_files(&site);
    site.run("keygen one").ok();
    site.run("build files.yaml -o a --split 6MiB --key one").ok();
    let larger = site.run("build files.yaml -o a --split 12MiB --unsigned").ok();
    assert!(larger.contains("1.2.3, built"), "{larger}");
    // No signature of the former list stays beside the new one.
    let names = site.names("");
    let of_set: Vec<&str> = names.iter().map(String::as_str).filter(|name| name.starts_with("a.")).collect();
    assert_eq!(of_set, ["a.001", "a.002", "a.set.json"]);
    assert!(site.path("a.001").metadata().unwrap().len() > 6 << 20);
}
