use airgap_tests::{
    ArchiveSource, Gap, JUMP, Machine, Node, Profile, Site, archive_sources, codename, rig_folder, signer,
};

use super::{PLAIN, bundle, carry_script, debs, installed, own_files, run_script, serve};

/// A node whose own settings for apt are all that they can be of a hindrance.
fn hindered(gap: &Gap) -> Node {
    let node = gap.node(Profile::Minimal).unwrap();
    // A dead port beside the site's own is what apt waits for longest.
    let dead = format!("deb [trusted=yes] http://{JUMP}:1/dead bookworm main\n");
    node.write("/etc/apt/sources.list.d/dead.list", dead).unwrap();
    node.write("/etc/apt/preferences.d/pins", "Package: *\nPin: release *\nPin-Priority: -1\n").unwrap();
    let settings = "Acquire::http::Proxy \"http://10.77.0.1:3128\";\nAPT::Default-Release \"nonesuch\";\n\
                    APT::Update::Post-Invoke { \"touch /root/hooked\"; };\n\
                    APT::Get::AutomaticRemove \"true\";\n";
    node.write("/etc/apt/apt.conf.d/99hindrances", settings).unwrap();
    node
}

/// Builds a bundle of packages from the archive that this machine itself uses, for a node of a profile.
fn build(profile: Profile, packages: &[&str]) -> Machine {
    let machine = Machine::new().unwrap();
    signer(&machine, "ci", "allowed_signers").unwrap();
    let status = profile.status().unwrap().display().to_string();
    let reduce = ["profile", "from-status", &status, "-o", "node.status"];
    machine.bundle(&reduce).unwrap().success().unwrap();
    let repositories: String = archive_sources().unwrap().iter().map(repository).collect();
    let packages: String = packages.iter().map(|package| format!("  - {package}\n")).collect();
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: nodes\nversion: 1.0.0\ncreated: 2026-01-01\nsystems:\n  - series: {}\n    \
         architectures: [{}]\n    base: [node.status]\n    repositories:\n{repositories}packages:\n{packages}",
        codename().unwrap(),
        debs::architecture(),
    );
    machine.write("stack.yaml", stack).unwrap();
    let cache = rig_folder().join("packages").display().to_string();
    let words = ["build", "stack.yaml", "-o", "nodes.tar.zst", "--key", "ci", "--cache", &cache];
    machine.bundle(&words).unwrap().success().unwrap();
    machine
}

/// A repository of a stack. Its key is the one that this machine trusts.
pub(super) fn repository(source: &ArchiveSource) -> String {
    let key = std::fs::read_to_string("/etc/os-release").unwrap();
    let id = key.lines().find_map(|line| line.strip_prefix("ID=")).unwrap().trim_matches('"').to_owned();
    format!(
        "      - url: {}\n        suites: [{}]\n        components: [{}]\n        \
         key: /usr/share/keyrings/{id}-archive-keyring.gpg\n",
        source.uri, source.suite, source.component
    )
}

#[test]
fn a_node_without_a_route_out_installs_what_the_bundle_carries() {
    let connected = build(Profile::Minimal, &["chrony", "nginx", "nfs-common", "open-iscsi", "postgresql"]);
    let mut site = Site::new(&connected.path("allowed_signers")).unwrap();
    let bundle = site.carry(&connected.path("nodes.tar.zst")).unwrap();
    site.serve(&[&bundle], &PLAIN).unwrap();
    let node = hindered(site.gap());
    // An operator's own configuration, which asks no servers outside; it stays as it is.
    let own = format!("server {JUMP} iburst\ndriftfile /var/lib/chrony/chrony.drift\n");
    node.write("/etc/chrony/chrony.conf", &own).unwrap();
    carry_script(&site, &node);
    let before = own_files(&node);

    let looked = run_script(&node, &["check"]).success().unwrap();
    assert!(looked.stdout.contains("would install") && looked.stdout.contains("packages: nginx "), "{looked}");
    assert_eq!(installed(&node, "nginx"), None);

    let done = run_script(&node, &[]).success().unwrap();
    assert!(done.stdout.ends_with("packages: installed\n"), "{done}");
    assert!(node.run("iscsiadm", &["--version"]).unwrap().success().is_ok());
    for service in ["chrony.service", "nginx.service", "rpcbind.service", "postgresql.service"] {
        node.wait_for_service(service).unwrap();
    }
    let page = "exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; head -n1 <&3";
    let answer = node.run("bash", &["-c", page]).unwrap().success().unwrap();
    assert!(answer.stdout.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(std::fs::read_to_string(node.path("/etc/chrony/chrony.conf")).unwrap(), own);
    assert_eq!(own_files(&node), before, "the node's own sources, lists and settings are as they were");
    node.shell("ls -d /var/tmp/airgap-packages.*").unwrap().failure().unwrap();

    let status = || std::fs::read_to_string(node.path("/var/lib/dpkg/status")).unwrap();
    let (packages, again) = (status(), run_script(&node, &[]).success().unwrap());
    assert_eq!(again.stdout, "packages: nothing to do: all packages are there\n");
    assert_eq!(status(), packages);
    assert_eq!(site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
    node.power_off().unwrap();
}

/// What is carried for a fuller server is what it lacks, and that is enough.
#[test]
fn a_fuller_server_installs_the_little_that_it_lacks() {
    let wanted = ["nfs-common", "open-iscsi", "postgresql-client"];
    let [minimal, fuller] = [Profile::Minimal, Profile::Server].map(|profile| build(profile, &wanted));
    let carried = |machine: &Machine| {
        let words = ["list", "nodes.tar.zst", "--kind", "packages"];
        let listed = machine.bundle(&words).unwrap().success().unwrap().stdout;
        let count = listed.split(" packages for ").next().and_then(|text| text.split_whitespace().last());
        count.and_then(|count| count.parse::<u32>().ok()).unwrap_or_else(|| panic!("{listed}"))
    };
    let (few, many) = (carried(&fuller), carried(&minimal));
    assert!(0 < few && few < many, "{few} packages for a fuller server, {many} for a minimal one");
    let mut site = Site::new(&fuller.path("allowed_signers")).unwrap();
    let bundle = site.carry(&fuller.path("nodes.tar.zst")).unwrap();
    site.serve(&[&bundle], &PLAIN).unwrap();
    let node = site.gap().node(Profile::Server).unwrap();
    carry_script(&site, &node);
    let before = own_files(&node);
    let done = run_script(&node, &[]).success().unwrap();
    assert!(done.stdout.ends_with("packages: installed\n"), "{done}");
    for package in wanted {
        assert!(installed(&node, package).is_some(), "{package} is not there");
    }
    assert_eq!(own_files(&node), before, "the node's own sources, lists and settings are as they were");
    // Such a server asks the outside for the time and for updates by itself, so nothing is counted here.
    node.power_off().unwrap();
}

#[test]
fn with_tls_the_script_brings_what_apt_needs_for_it() {
    let debs = [debs::make("demo", "1.0", "")];
    let site = serve(&bundle("1.0.0", &debs, &[("demo", "demo")]), &[]);
    let node = site.gap().node(Profile::Minimal).unwrap();
    carry_script(&site, &node);
    run_script(&node, &[]).success().unwrap();
    assert_eq!(installed(&node, "demo").unwrap(), "1.0");
    assert_eq!(site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
    // With another password nothing comes.
    let script = std::fs::read_to_string(node.path("/root/packages.sh")).unwrap();
    let script = script.replace(&site.password().unwrap(), "wrong");
    node.write("/root/packages.sh", script).unwrap();
    node.run("dpkg", &["--purge", "demo"]).unwrap().success().unwrap();
    let refused = run_script(&node, &[]).failure().unwrap();
    assert!(refused.code == Some(1) && refused.stderr.contains("401"), "{refused}");
    node.power_off().unwrap();
}
