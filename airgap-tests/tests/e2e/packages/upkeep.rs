use airgap_tests::{JUMP, Node, Profile, Site, run};

use super::{PLAIN, bundle, carry_script, debs, import, installed, packages, run_script, serve};

/// The latest bundle's script, on the node.
pub(super) fn renew(site: &Site, node: &Node) {
    carry_script(site, node);
    wait_until_served(site, node);
}

/// Waits until the server has what the script on the node asks for.
pub(super) fn wait_until_served(site: &Site, node: &Node) {
    // The server looks for new generations by itself, every two seconds.
    let script = std::fs::read_to_string(node.path("/root/packages.sh")).unwrap();
    let uri = script.lines().find_map(|line| line.strip_prefix("URIs: ")).unwrap().to_owned();
    let path = uri.split_once(":5080").unwrap().1;
    let series = airgap_tests::codename().unwrap();
    let release = format!("http://{JUMP}:5080{path}/dists/{series}/InRelease");
    let client = site.gap().client().unwrap();
    let answers =
        || run(&mut client.command("curl", &["-sf", "-o", "/dev/null", &release]).unwrap()).unwrap().code == Some(0);
    for _ in 0..100 {
        if answers() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the server does not serve {release}");
}

#[test]
fn upgrades_holds_and_what_is_left_over() {
    let version = |number: u32, demo: &str| {
        let debs = [debs::make("demo", demo, "Depends: demo-data\n"), debs::make("demo-data", demo, "")];
        bundle(&format!("{number}.0.0"), &debs, &[("demo", "demo")])
    };
    let site = serve(&version(1, "1:1.0~rc1"), &PLAIN);
    let node = site.gap().node(Profile::Minimal).unwrap();
    renew(&site, &node);
    run_script(&node, &[]).success().unwrap();
    assert_eq!(installed(&node, "demo").unwrap(), "1:1.0~rc1");

    import(&site, &version(2, "1:1.0"));
    renew(&site, &node);
    node.run("apt-mark", &["hold", "demo"]).unwrap().success().unwrap();
    let refused = run_script(&node, &[]);
    assert!(
        refused.code == Some(3) && refused.stderr.contains("held back") && refused.stderr.contains(": demo"),
        "{refused}"
    );
    node.run("apt-mark", &["unhold", "demo"]).unwrap().success().unwrap();
    let done = run_script(&node, &[]).success().unwrap();
    assert!(done.stdout.contains("packages: demo 1:1.0~rc1 -> 1:1.0\n"), "{done}");

    // What an interrupted dpkg left is for a person to look at.
    node.write("/root/half.deb", &debs::make("half", "1.0", "Depends: nonesuch\n").content).unwrap();
    node.run("dpkg", &["--unpack", "/root/half.deb"]).unwrap().success().unwrap();
    let refused = run_script(&node, &[]);
    assert!(
        refused.code == Some(3) && refused.stderr.contains("half") && refused.stderr.contains("--configure -a"),
        "{refused}"
    );
    node.run("dpkg", &["--purge", "half"]).unwrap().success().unwrap();

    // The node has something newer by now: it stays.
    node.write("/root/demo.deb", &debs::make("demo", "1:3.0", "").content).unwrap();
    node.run("dpkg", &["--install", "/root/demo.deb"]).unwrap().success().unwrap();
    let kept = run_script(&node, &[]).success().unwrap();
    assert!(kept.stdout.contains("demo 1:3.0 is newer than the bundle's 1:1.0: it stays"), "{kept}");

    // A bundle without the component: nothing goes, and what nobody wants is named.
    import(&site, &bundle("3.0.0", &[debs::make("other", "1.0", "")], &[("other", "other")]));
    renew(&site, &node);
    let done = run_script(&node, &[]).success().unwrap();
    assert!(done.stdout.contains("no bundle wants these any more") && done.stdout.contains(": demo\n"), "{done}");
    assert!(done.stdout.contains("`apt-get autoremove demo` would remove: demo"), "{done}");
    assert_eq!(installed(&node, "demo").unwrap(), "1:3.0");
    let listed = run_script(&node, &["unneeded"]).success().unwrap();
    assert!(listed.stdout.contains(": demo\n"), "{listed}");
    node.power_off().unwrap();
}

#[test]
fn what_is_recommended_comes_along_only_where_it_is_asked_for() {
    let more = |name: &str| format!("Recommends: {name}-docs\n");
    let names = ["one", "one-docs", "two", "two-docs"];
    let debs =
        names.map(|name| debs::make(name, "1.0", if name.len() == 3 { more(name) } else { String::new() }.as_str()));
    let site = serve(&bundle("1.0.0", &debs, &[("demo", "one"), ("demo", "two+")]), &PLAIN);
    let node = site.gap().node(Profile::Minimal).unwrap();
    carry_script(&site, &node);
    run_script(&node, &[]).success().unwrap();
    let there = names.map(|name| installed(&node, name).is_some());
    assert_eq!(there, [true, false, true, true]);
    assert!(run_script(&node, &[]).success().unwrap().stdout.contains("nothing to do"));
    node.power_off().unwrap();
}

#[test]
fn who_installs_something_else_is_waited_for_and_nobody_is_asked_anything() {
    // What is installed hears no questions, and services are not restarted by others.
    let asked = "echo \"$DEBIAN_FRONTEND $NEEDRESTART_SUSPEND\" > /root/asked";
    let fields = format!("Architecture: {}\n", debs::architecture());
    let demo = debs::make_with("demo", "1.0", &fields, asked);
    let site = serve(&bundle("1.0.0", &[demo], &[("demo", "demo")]), &PLAIN);
    let node = site.gap().node(Profile::Minimal).unwrap();
    carry_script(&site, &node);
    // Another installation, which goes on until it is let go.
    let slow =
        debs::make_with("slow", "1.0", &fields, "touch /root/begun; while [ ! -e /root/go ]; do sleep 0.1; done");
    node.write("/root/slow.deb", &slow.content).unwrap();
    node.shell("systemd-run --unit=slow dpkg --install /root/slow.deb").unwrap().success().unwrap();
    node.shell("while [ ! -e /root/begun ]; do sleep 0.1; done").unwrap().success().unwrap();
    let refused = node.shell("AIRGAP_LOCK_TIMEOUT=1 sh /root/packages.sh").unwrap();
    assert!(refused.code == Some(3) && refused.stderr.contains("others install something on this node"), "{refused}");
    assert!(refused.stderr.contains("lock-frontend"), "the holder is named: {refused}");
    node.shell(
        "systemd-run --unit=ours --wait sh -c 'sh /root/packages.sh > /root/said 2>&1' & sleep 1; touch /root/go; wait",
    )
    .unwrap()
    .success()
    .unwrap();
    let said = std::fs::read_to_string(node.path("/root/said")).unwrap();
    assert!(said.ends_with("packages: installed\n"), "{said}");
    assert_eq!(installed(&node, "slow").unwrap(), "1.0");
    assert_eq!(std::fs::read_to_string(node.path("/root/asked")).unwrap(), "noninteractive 1\n");
    node.power_off().unwrap();
}

#[test]
fn packages_of_a_foreign_architecture_need_a_node_that_takes_them() {
    let foreign = if debs::architecture() == "i386" { "amd64" } else { "i386" };
    let own = debs::make("libdemo", "1.0", "Multi-Arch: same\n");
    let fields = format!("Architecture: {foreign}\nMulti-Arch: foreign\n");
    let game = debs::make_with("game", "1.0", &fields, "");
    let site = serve(&bundle("1.0.0", &[own, game], &[("demo", "libdemo"), ("demo", "game")]), &PLAIN);
    assert!(packages(&site, &["list"]).contains(&format!("game:{foreign}")));
    let node = site.gap().node(Profile::Minimal).unwrap();
    carry_script(&site, &node);
    let refused = run_script(&node, &[]);
    let advice = format!("`dpkg --add-architecture {foreign}`");
    assert!(refused.code == Some(3) && refused.stderr.contains(&advice), "{refused}");
    assert_eq!(installed(&node, "libdemo"), None);
    node.run("dpkg", &["--add-architecture", foreign]).unwrap().success().unwrap();
    let done = run_script(&node, &[]).success().unwrap();
    assert!(done.stdout.ends_with("packages: installed\n"), "{done}");
    assert_eq!(installed(&node, &format!("game:{foreign}")).unwrap(), "1.0");
    assert!(run_script(&node, &[]).success().unwrap().stdout.contains("nothing to do"));
    node.power_off().unwrap();
}

#[test]
fn the_script_is_plain_shell_without_a_complaint() {
    let site = serve(&bundle("1.0.0", &[debs::make("demo", "1.0", "")], &[("demo", "demo")]), &[]);
    let script = site.jump().write("packages.sh", packages(&site, &["install-script"])).unwrap();
    site.jump().run("shellcheck", &["--shell=sh", &script.display().to_string()]).unwrap();
    // It refuses what it is not for, before it changes anything.
    let unknown = run(&mut site.jump().command("sh", &["packages.sh", "remove"]).unwrap()).unwrap();
    assert!(unknown.code == Some(2) && unknown.stderr.contains("`remove`"), "{unknown}");
    let listed = packages(&site, &["list"]);
    assert!(listed.contains("1 packages") || listed.contains("1 package"), "{listed}");
    let none = site.jump().install(&[
        "--state",
        &site.state().display().to_string(),
        "packages",
        "sources",
        "--series",
        "hamm",
    ]);
    let none = none.unwrap().failure().unwrap();
    assert!(none.stderr.contains("no bundle of this site has packages for `hamm`"), "{none}");
}
