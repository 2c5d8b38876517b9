//! A bad network is normal: a build gets through it, or says what is wrong and goes on the next time.

use std::time::{Duration, Instant};

use airgap_tests::{Daemon, Fault, Machine, Misbehaving, Random, signer};
use rustix::process::Signal;

/// A machine with a stack of one image of the misbehaving registry, and a key.
pub(crate) fn machine_for(server: &Misbehaving, images: &[&str]) -> Machine {
    let machine = Machine::new().unwrap();
    let address = server.address();
    let list: String = images.iter().map(|image| format!("  - {address}/{image}\n")).collect();
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: small\nversion: 1.0.0\ncreated: 2026-01-01\nimages:\n{list}\
         registries:\n  \"{address}\":\n    plainHTTP: true\n"
    );
    machine.write("stack.yaml", stack).unwrap();
    signer(&machine, "ci", "allowed_signers").unwrap();
    machine
}

pub(crate) const BUILD: [&str; 6] = ["build", "stack.yaml", "-o", "small.tar.zst", "--key", "ci"];

fn verify(machine: &Machine) {
    let arguments = ["verify", "small.tar.zst", "--trust", "allowed_signers"];
    machine.bundle(&arguments).unwrap().success().unwrap();
}

fn layers() -> [Vec<u8>; 2] {
    let mut random = Random::new(1);
    [random.bytes(3 << 20), random.bytes(700_000)]
}

#[test]
fn a_connection_cut_in_the_middle_of_a_blob_goes_on_there() {
    let server = Misbehaving::start().unwrap();
    let [large, small] = layers();
    server.image("library/app", "1.0", &[&large, &small]);
    let machine = machine_for(&server, &["library/app:1.0"]);
    let blob = format!("blobs/{}", manifests::Digest::of(&large));
    server.fail(&blob, 1, Fault::Cut(2_000_000));
    machine.bundle(&BUILD).unwrap().success().unwrap();
    verify(&machine);
    let asked = server.asked(&blob);
    let asked: Vec<_> = asked.iter().filter(|seen| seen.method == "GET").collect();
    assert_eq!(asked.len(), 2);
    let range = asked[1].field("range").expect("the second request asks for the rest");
    let start: usize = range.strip_prefix("bytes=").unwrap().split('-').next().unwrap().parse().unwrap();
    assert!((1..=2_000_000).contains(&start), "{range}");
    assert!(machine.leftovers().unwrap().is_empty());
}

#[test]
fn a_server_that_ignores_ranges_is_read_from_the_start_again() {
    let server = Misbehaving::start().unwrap();
    let [large, _] = layers();
    server.image("library/app", "1.0", &[&large]);
    let machine = machine_for(&server, &["library/app:1.0"]);
    let blob = format!("blobs/{}", manifests::Digest::of(&large));
    server.fail(&blob, 1, Fault::Cut(1_000_000));
    server.fail(&blob, 9, Fault::NoRanges);
    machine.bundle(&BUILD).unwrap().success().unwrap();
    verify(&machine);
}

#[test]
fn too_many_requests_is_obeyed() {
    let server = Misbehaving::start().unwrap();
    server.image("library/app", "1.0", &[b"layer"]);
    let machine = machine_for(&server, &["library/app:1.0"]);
    server.fail("/manifests/1.0", 1, Fault::Status(429, vec![("Retry-After".into(), "2".into())]));
    server.fail("/blobs/", 1, Fault::Status(503, vec![]));
    machine.bundle(&BUILD).unwrap().success().unwrap();
    let asked = server.asked("/manifests/1.0");
    assert!(asked[1].at - asked[0].at >= Duration::from_secs(2), "it came back too soon");
}

#[test]
fn wrong_bytes_never_get_into_a_bundle() {
    let server = Misbehaving::start().unwrap();
    let [large, small] = layers();
    server.image("library/app", "1.0", &[&large, &small]);
    let machine = machine_for(&server, &["library/app:1.0"]);
    let digest = manifests::Digest::of(&small).to_string();
    server.fail(&digest, 1000, Fault::WrongBytes);
    let refused = machine.bundle(&BUILD).unwrap().failure().unwrap();
    assert!(refused.stderr.contains(&digest[..19]), "it says which blob: {refused}");
    assert!(!machine.path("small.tar.zst").exists());
    assert!(machine.leftovers().unwrap().is_empty());
}

#[test]
fn a_blob_of_the_wrong_length_is_refused_and_the_rest_is_kept() {
    let server = Misbehaving::start().unwrap();
    let [large, small] = layers();
    server.image("library/app", "1.0", &[&large, &small]);
    let machine = machine_for(&server, &["library/app:1.0"]);
    let (good, bad) = (manifests::Digest::of(&large).to_string(), manifests::Digest::of(&small).to_string());
    server.fail(&bad, 30, Fault::Status(404, vec![]));
    machine.bundle(&BUILD).unwrap().failure().unwrap();
    assert!(!machine.path("small.tar.zst").exists());
    let fetched = server.asked(&good).len();
    while server.asked(&bad).len() < 30 {
        if machine.bundle(&BUILD).unwrap().code == Some(0) {
            break;
        }
    }
    server.fail(&bad, 1, Fault::WrongLength(10));
    machine.bundle(&BUILD).unwrap().success().unwrap();
    verify(&machine);
    assert_eq!(server.asked(&good).len(), fetched, "what was verified is not fetched again");
}

#[test]
fn credentials_stay_with_the_host_they_are_for() {
    let server = Misbehaving::start().unwrap();
    let elsewhere = Misbehaving::start().unwrap();
    let [large, _] = layers();
    let password = "hunter2-do-not-print";
    server.image("library/app", "1.0", &[&large]);
    let machine = machine_for(&server, &["library/app:1.0"]);
    let digest = manifests::Digest::of(&large).to_string();
    elsewhere.put("/token", "application/json", br#"{"token": "a-token-not-to-print"}"#);
    elsewhere.put("/store/blob", "application/octet-stream", &large);
    server.require_token(&format!("http://{}/token", server.address()), "a-token-not-to-print");
    server.put("/token", "application/json", br#"{"token": "a-token-not-to-print"}"#);
    server.fail(&digest, 100, Fault::Redirect(format!("http://{}/store/blob", elsewhere.address())));
    let auth = machine.run("sh", &["-c", &format!("printf %s 'me:{password}' | base64 -w0")]).unwrap();
    let config = format!("{{\"auths\": {{\"{}\": {{\"auth\": \"{auth}\"}}}}}}", server.address());
    std::fs::create_dir(machine.home().join(".docker")).unwrap();
    std::fs::write(machine.home().join(".docker/config.json"), config).unwrap();
    let built = machine.bundle(&[&BUILD[..], &["-vv"]].concat()).unwrap().success().unwrap();
    verify(&machine);
    let tokens = server.asked("/token");
    assert_eq!(tokens[0].field("authorization"), Some(format!("Basic {auth}").as_str()));
    for seen in elsewhere.seen() {
        assert_eq!(seen.field("authorization"), None, "{seen:?}");
    }
    let bundle = std::fs::read(machine.path("small.tar.zst")).unwrap();
    for secret in [password, &auth, "a-token-not-to-print"] {
        assert!(!built.to_string().contains(secret), "{built}");
        assert!(!bundle.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[test]
fn all_failures_are_told_together() {
    let server = Misbehaving::start().unwrap();
    server.image("library/app", "1.0", &[b"layer"]);
    let machine = machine_for(&server, &["library/app:1.0", "library/one:1.0", "library/two:1.0"]);
    let failed = machine.bundle(&BUILD).unwrap().failure().unwrap();
    for name in ["library/one:1.0", "library/two:1.0"] {
        assert!(failed.stderr.contains(name), "{failed}");
    }
    assert!(!failed.stderr.contains("library/app:1.0"), "{failed}");
}

#[test]
fn an_interrupt_ends_a_build_at_once_and_says_how_to_go_on() {
    let server = Misbehaving::start().unwrap();
    let [large, small] = layers();
    server.image("library/app", "1.0", &[&large, &small]);
    let machine = machine_for(&server, &["library/app:1.0"]);
    let slow = manifests::Digest::of(&large).to_string();
    server.fail(&slow, 1, Fault::Stall(100_000));
    let mut build = Daemon::start(&machine.ours("airgap-bundle", &BUILD).unwrap(), &machine.path("build.log")).unwrap();
    build.wait_until("it asked for the blob", || !server.asked(&slow).is_empty()).unwrap();
    let start = Instant::now();
    build.signal(Signal::INT).unwrap();
    let status = build.wait(Duration::from_secs(20)).unwrap().expect("it ends");
    assert!(start.elapsed() < Duration::from_secs(2), "it took {:?}", start.elapsed());
    assert_eq!(status.code(), Some(130), "{}", build.log());
    assert!(build.log().contains("again"), "it says how to go on: {}", build.log());
    assert!(!machine.path("small.tar.zst").exists());
    machine.bundle(&BUILD).unwrap().success().unwrap();
    verify(&machine);
}

#[test]
fn a_slow_server_is_waited_for() {
    let server = Misbehaving::start().unwrap();
    let [_, small] = layers();
    server.image("library/app", "1.0", &[&small]);
    let machine = machine_for(&server, &["library/app:1.0"]);
    server.fail("/blobs/", 2, Fault::Drip(10_000, Duration::from_millis(10)));
    machine.bundle(&BUILD).unwrap().success().unwrap();
    verify(&machine);
}
