//! The reference: every command's `--help`.

use crate::site::Site;

#[test]
fn the_reference_of_all_commands() {
    let site = Site::new();
    let overview = site.run("--help").ok();
    let commands = overview.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"inspect"), "{names:?}");
    let mut reference = format!("# airgap-bundle --help\n\n{overview}\n");
    for name in names.iter().filter(|name| **name != "help") {
        let help = site.run(&format!("{name} --help")).ok();
        reference.push_str(&format!("\n# airgap-bundle {name} --help\n\n{help}"));
    }
    insta::assert_snapshot!("reference", reference);
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let site = Site::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(site.run(&format!("completions {shell}")).ok().contains("extract"), "{shell}");
    }
    site.run("man pages").ok();
    let pages = site.names("pages");
    assert!(pages.contains(&"airgap-bundle.1".to_owned()) && pages.contains(&"airgap-bundle-verify.1".to_owned()));
}

#[test]
fn wrong_usage_exits_with_2() {
    let site = Site::new();
    site.run("inspect").fails(2);
    site.run("frobnicate").fails(2);
    site.run("sign demo.tar.zst").fails(2);
    let said = site.run("build stack.yaml -o a --unsigned --concurrency 0").fails(2);
    assert!(said.contains("0 is not in 1..=65535"), "{said}");
    site.run("split demo.tar.zst --size much -o x --trust trust").fails(2);
}
