//! The rig itself: a gap that counts nothing, or an upstream without content, would let every other test pass.

use airgap_tests::{Containerd, Fault, Fixtures, Gap, Machine, Misbehaving, Upstream, run};

#[test]
fn a_packet_that_tries_to_leave_is_counted() {
    let gap = Gap::new().unwrap();
    let client = gap.client().unwrap();
    client.run("curl", &["--version"]).unwrap();
    assert_eq!(gap.escaped().unwrap(), 0);
    let dial = ["-sS", "--connect-timeout", "1", "http://192.0.2.1/"];
    run(&mut client.command("curl", &dial).unwrap()).unwrap().failure().unwrap();
    let by_address = gap.escaped().unwrap();
    assert!(by_address > 0);
    let dial = ["-sS", "--connect-timeout", "1", "http://registry-1.docker.io/"];
    run(&mut client.command("curl", &dial).unwrap()).unwrap().failure().unwrap();
    assert!(gap.escaped().unwrap() > by_address, "a question for a name counts as well");
}

#[test]
fn the_upstream_serves_real_content_under_well_known_names() {
    let upstream = Upstream::shared().unwrap();
    let machine = upstream.machine().unwrap();
    let ca = upstream.fixtures().path("ca.pem").display().to_string();
    let get = |url: &str| machine.run("curl", &["-sSf", "--cacert", &ca, url]).unwrap();
    assert!(get("https://registry-1.docker.io/v2/library/tool/tags/list").contains("latest"));
    assert!(get("https://charts.example.org/stable/index.yaml").contains("hello-1.3.0.tgz"));
    let index = machine.run("skopeo", &["inspect", "--raw", "docker://quay.io/charts/oci-hello:0.3.0"]).unwrap();
    assert!(index.contains("application/vnd.cncf.helm.chart.content.v1.tar+gzip"));
    let notes = get("https://files.example.org/release/notes.txt");
    assert_eq!(notes.as_bytes(), Fixtures::get().unwrap().file("release/notes.txt").unwrap());
    let refused = run(&mut machine.command("curl", &["-sSf", "--cacert", &ca, "https://quay.io/v2/"]).unwrap());
    refused.unwrap().failure().unwrap();
}

#[test]
fn containerd_pulls_and_runs_an_image_of_the_upstream() {
    let upstream = Upstream::shared().unwrap();
    let machine = upstream.machine().unwrap();
    let containerd = Containerd::start(machine).unwrap();
    let reference = "docker.io/library/tool:1.0";
    containerd.pull(reference).unwrap().success().unwrap();
    assert_eq!(containerd.run(reference).unwrap(), "tool 1.0 of the hub (amd64)\n");
}

#[test]
fn the_misbehaving_server_misbehaves_as_told() {
    let server = Misbehaving::start().unwrap();
    server.put("/file", "text/plain", b"0123456789");
    let machine = Machine::new().unwrap();
    let url = format!("http://{}/file", server.address());
    let curl = |arguments: &[&str]| run(&mut machine.command("curl", arguments).unwrap()).unwrap();
    assert_eq!(curl(&["-sSf", &url]).success().unwrap().stdout, "0123456789");
    assert_eq!(curl(&["-sSf", "-r", "4-", &url]).success().unwrap().stdout, "456789");
    server.fail("/file", 1, Fault::Cut(3));
    assert_eq!(curl(&["-sSf", &url]).failure().unwrap().stdout, "012");
    server.fail("/file", 1, Fault::WrongBytes);
    assert_eq!(curl(&["-sSf", &url]).success().unwrap().stdout, "0123446789");
    server.fail("/file", 1, Fault::WrongLength(2));
    assert_eq!(curl(&["-sSf", &url]).success().unwrap().stdout, "01234567");
    server.fail("/file", 1, Fault::Status(429, vec![("Retry-After".into(), "1".into())]));
    assert!(curl(&["-sSf", &url]).failure().unwrap().stderr.contains("429"));
    assert_eq!(server.asked("/file").len(), 6);
}
