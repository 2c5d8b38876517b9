//! The server as a service of a real systemd: under its own user, back after a reboot, gone when it is uninstalled.

use std::fs;

use airgap_tests::{Delivery, Gap, Machine, Node, Profile, our_program};

/// A node in the role of the jump host: our programs, whom it trusts, and the bundle on a medium.
fn jump(gap: &Gap, delivery: &Delivery) -> Node {
    let node = gap.node(Profile::Minimal).unwrap();
    for program in ["airgap-install", "airgap-registry"] {
        fs::copy(our_program(program).unwrap(), node.path(&format!("/usr/local/bin/{program}"))).unwrap();
    }
    node.write("/etc/airgap/allowed_signers", fs::read(delivery.trust()).unwrap()).unwrap();
    fs::create_dir_all(node.path("/media")).unwrap();
    fs::copy(delivery.bundle(), node.path("/media/platform.tar.zst")).unwrap();
    node
}

fn install(node: &Node) -> String {
    let words = ["--bundle", "/media/platform.tar.zst", "--address", node.address()];
    let outcome = node.run("airgap-install", &words).unwrap().success().unwrap();
    format!("{}{}", outcome.stderr, outcome.stdout)
}

/// What a client gets that knows the site's certificate and password.
fn fetch(node: &Node, client: &Machine) -> String {
    fs::copy(node.path("/var/lib/airgap/ca/ca.crt"), client.path("ca.crt")).unwrap();
    let credentials = fs::read_to_string(node.path("/var/lib/airgap/auth/credentials")).unwrap();
    let password = credentials.lines().find_map(|line| line.strip_prefix("password=")).unwrap();
    let url = format!("https://{}:5000/v2/docker.io/library/tool/tags/list", node.address());
    let login = format!("airgap:{password}");
    client.run("curl", &["-sS", "--fail", "--cacert", "ca.crt", "--user", &login, &url]).unwrap()
}

/// A property of the unit, as systemd has it.
fn property(node: &Node, name: &str) -> String {
    let words = ["show", "--value", "--property", name, "airgap-registry.service"];
    node.run("systemctl", &words).unwrap().success().unwrap().stdout.trim().to_owned()
}

#[test]
fn the_server_is_a_service_that_outlives_its_installer_and_a_reboot() {
    let delivery = Delivery::shared().unwrap();
    let gap = Gap::new().unwrap();
    let mut node = jump(&gap, &delivery);
    let client = gap.client().unwrap();

    let said = install(&node);
    assert!(said.contains(&format!("https://{}:5000", node.address())), "{said}");
    assert_eq!(property(&node, "ActiveState"), "active");
    let pid = property(&node, "MainPID");
    let owner = node.run("ps", &["-o", "user=", "-p", &pid]).unwrap().success().unwrap().stdout;
    assert_eq!(owner.trim(), "airgap", "it runs under its own user");
    assert!(fetch(&node, &client).contains("\"1.0\""));

    let again = install(&node);
    let done: Vec<_> = again.lines().filter_map(|line| line.trim_start().strip_prefix("done ")).collect();
    assert_eq!(done, [" verify     generation 1 is whole"], "a second run looks and changes nothing: {again}");
    assert!(again.contains("skipped  serve      already running"), "{again}");
    assert_eq!(property(&node, "MainPID"), pid, "and restarts nothing");

    // What is killed comes back, and so does what was running when the power went.
    node.run("kill", &["-KILL", &pid]).unwrap().success().unwrap();
    node.wait_for_service("airgap-registry.service").unwrap();
    node.reboot().unwrap();
    node.wait_for_service("airgap-registry.service").unwrap();
    assert!(fetch(&node, &client).contains("\"1.0\""));
    let status = node.run("airgap-install", &["status"]).unwrap().success().unwrap().stdout;
    assert!(status.contains("running"), "{status}");

    node.run("airgap-install", &["uninstall", "--yes"]).unwrap().success().unwrap();
    assert_eq!(property(&node, "LoadState"), "not-found");
    node.run("id", &["airgap"]).unwrap().failure().unwrap();
    assert_eq!(gap.escaped().unwrap(), 0, "something tried to reach the outside");
    node.power_off().unwrap();
}
