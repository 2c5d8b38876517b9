//! Users become root on a node as its own `sudo` has it, and what they send arrives.

use std::path::Path;
use std::sync::Arc;

use airgap_tests::{Gap, Machine, Node, Profile};
use installer::host::files::{NodeFile, put};
use installer::host::{Command, Host as _, Input};
use installer::secrets::Secrets;
use installer::ssh::{Connections, Options};
use manifests::yaml::SourceFile;
use manifests::{Digest, Site};

/// In the jump host's network, the run of the test that talks to the node itself: it names the `site.yaml`.
const SITE: &str = "AIRGAP_TEST_SITE";
/// With what a shell of POSIX, sudo and a line end could go wrong.
const PASSWORD: &str = "p'a$s \"word\\";

/// A node with users: `free` needs no password, `typed` needs one, `plain` is not allowed to become root.
fn node(gap: &Gap, jump: &Machine) -> Node {
    let node = gap.node(Profile::Server).unwrap();
    jump.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "id"]).unwrap();
    let key = std::fs::read_to_string(jump.path("id.pub")).unwrap();
    for user in ["free", "typed", "plain"] {
        node.run("useradd", &["-m", "-s", "/bin/bash", user]).unwrap().success().unwrap();
        node.write(&format!("/home/{user}/.ssh/authorized_keys"), &key).unwrap();
        // Bash reads it also for commands, from its beginning to the first test for a terminal.
        node.write(&format!("/home/{user}/.bashrc"), "echo noise; echo noise >&2; export PATH=/nowhere LANG=tlh\n")
            .unwrap();
        node.shell(&format!("chown -R {user}: /home/{user}; chmod 700 /home/{user}/.ssh")).unwrap().success().unwrap();
    }
    node.write("/passwords", format!("typed:{PASSWORD}\n")).unwrap();
    node.shell("chpasswd </passwords && rm /passwords").unwrap().success().unwrap();
    node.write("/etc/sudoers.d/test", "free ALL=(ALL) NOPASSWD: ALL\ntyped ALL=(ALL) ALL\n").unwrap();
    node.shell("chmod 440 /etc/sudoers.d/test && ssh-keygen -A && systemctl start ssh").unwrap().success().unwrap();
    node.wait_for_service("ssh.service").unwrap();
    node
}

/// Writes a site in which `user` becomes root in this way.
fn site(jump: &Machine, node: &Node, user: &str, root: &str) {
    let text = format!(
        "apiVersion: airgap/v1\nkind: Site\nname: test\nbundle: {{name: platform, versions: \"*\"}}\n\
         jumpHost: {{address: 10.77.0.10}}\nssh: {{user: {user}, key: ./id}}\nbecome: {root}\n\
         nodes:\n- {{name: server-1, address: {}, role: server}}\n",
        node.address()
    );
    jump.write("site.yaml", text).unwrap();
}

fn password(jump: &Machine, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = jump.write("password", format!("{text}\n")).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn users_become_root_and_what_they_send_arrives() {
    if let Some(site) = std::env::var_os(SITE) {
        return talk(Path::new(&site));
    }
    let gap = Gap::new().unwrap();
    let jump = gap.jump().unwrap();
    let node = node(&gap, &jump);
    let ping =
        |more: &[&str]| jump.install(&[&["site", "ping", "site.yaml", "--state", "state"], more].concat()).unwrap();
    // Nothing is known of the node, so nothing is said to it.
    site(&jump, &node, "free", "sudo");
    let stranger = ping(&[]).failure().unwrap();
    assert!(stranger.stderr.contains("--accept-new-host-keys"), "{stranger}");
    let met = ping(&["--accept-new-host-keys", "-o", "json"]).success().unwrap();
    let met: serde_json::Value = serde_json::from_str(&met.stdout).unwrap();
    let print = node.shell("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").unwrap().success().unwrap().stdout;
    assert_eq!(met["nodes"][0]["hostKey"].as_str(), print.split(' ').nth(1));
    assert_eq!(met["nodes"][0]["become"], "sudo");
    talk_in(&jump);
    // With a password, and with a wrong one.
    site(&jump, &node, "typed", "{password: {file: ./password}}");
    password(&jump, PASSWORD);
    let table = ping(&[]).success().unwrap();
    assert!(table.stdout.contains("sudo with a password"), "{table}");
    talk_in(&jump);
    password(&jump, "wrong");
    let wrong = ping(&[]).failure().unwrap();
    assert!(wrong.stderr.contains("sudo does not take the password") && !wrong.stderr.contains("noise"), "{wrong}");
    // Where sudo does not ask, the password goes nowhere.
    site(&jump, &node, "free", "{password: {file: ./password}}");
    talk_in(&jump);
    // sudo's own words, where it refuses.
    site(&jump, &node, "typed", "sudo");
    let silent = ping(&[]).failure().unwrap();
    assert!(silent.stderr.contains("a password is required") && silent.stderr.contains("NOPASSWD"), "{silent}");
    site(&jump, &node, "plain", "sudo");
    ping(&[]).failure().unwrap();
    let log = node.shell("journalctl --no-pager -o cat; cat /var/log/auth.log 2>/dev/null").unwrap().stdout;
    assert!(!log.contains(PASSWORD), "no log has the password");
}

/// Runs [`talk`] in the jump host's network.
fn talk_in(jump: &Machine) {
    let mut again = jump.command_at(&std::env::current_exe().unwrap());
    again.args(["--exact", "ssh::users_become_root_and_what_they_send_arrives"]).env(SITE, jump.path("site.yaml"));
    let output = again.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

/// What a command reads and writes as root is exactly what was meant.
fn talk(file: &Path) {
    let folder = file.parent().unwrap();
    let site = Site::parse(&SourceFile::new("site.yaml", &std::fs::read_to_string(file).unwrap())).unwrap();
    let secrets = Secrets::fetch(&site.secrets_of_ssh(), folder).unwrap();
    let connections = Connections::new(&site, folder, &secrets, &Options::of_state(&folder.join("state"))).unwrap();
    let machine = &connections.machines()[0];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let run = |command: &Command| runtime.block_on(machine.run(command)).unwrap();
    let output = run(&Command::script("look", "id -u; echo \"$HOME $LANG\"; pwd; cat; echo e >&2; exit 3", &[])
        .reading(Input::Bytes(Arc::from(&b"line one\nline two"[..]))));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0\n/root C.UTF-8\n/\nline one\nline two");
    assert_eq!((&output.stderr[..], output.exit), (&b"e\n"[..], installer::host::Exit::Code(3)));
    let content: Vec<u8> = (0..5_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let digest = Digest::of(&content);
    let place = NodeFile { path: "/opt/airgap/content", mode: 0o640, owner: "root:adm", digest: &digest };
    runtime.block_on(put(machine.as_ref(), &place, Input::Bytes(Arc::from(&content[..])))).unwrap();
    let sum = run(&Command::new("add up", &["sha256sum", "/opt/airgap/content"])).stdout;
    assert_eq!(String::from_utf8_lossy(&sum[..64]), &*digest.hex());
    run(&Command::new("clean", &["rm", "/opt/airgap/content"]));
    // What is written to a command's own input is all that it gets: no password is left in it.
    assert_eq!(run(&Command::new("read", &["cat"])).stdout, b"");
}
