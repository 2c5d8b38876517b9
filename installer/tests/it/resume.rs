//! Imports that don't come to their end: killed, stopped, on a full disk, from a medium that breaks.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use manifests::fake::FakeBundle;

use crate::context::{Context, Ended};

/// A bundle of many blobs that don't shrink: 48 of half a megabyte.
fn large(context: &Context) {
    let layer = |seed: u32| -> Vec<u8> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        };
        (0..500_000).map(|_| next()).collect()
    };
    let layers: Vec<Vec<u8>> = (1..=48).map(layer).collect();
    let layers: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    FakeBundle::new("demo", "1.0.0").image("docker.io/library/large:1", &layers).write(&context.path("bundle.tar.zst"));
}

fn same(a: &Path, b: &Path) -> bool {
    std::fs::read(a).unwrap() == std::fs::read(b).unwrap()
}

const IMPORT: [&str; 5] = ["--bundle", "bundle.tar.zst", "--trust", "allowed_signers", "--no-serve"];

#[test]
fn an_import_that_is_killed_again_and_again_comes_to_its_end() {
    let context = Context::new();
    large(&context);
    let kept = context.state().join("generations/1/bundle.tar.zst");
    for round in 0..40_u64 {
        let mut child = context.command(&IMPORT).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(3 + round * 7 % 90));
        let _ = child.kill();
        child.wait().unwrap();
        // A generation is whole or not there.
        assert!(!kept.exists() || same(&kept, &context.path("bundle.tar.zst")));
    }
    context.run(&IMPORT).succeeded();
    assert!(same(&kept, &context.path("bundle.tar.zst")));
    assert_eq!(context.files("state/generations"), ["1/bundle.tar.zst", "1/receipt.json"]);
    assert!(context.litter().is_empty());
    let status = context.run(&["status", "-o", "json"]).succeeded().json();
    assert_eq!(status["floors"]["demo"], "1.0.0", "whenever it was killed");
}

#[test]
fn what_was_verified_is_not_read_again() {
    let context = Context::new();
    large(&context);
    // The last byte of the content is wrong: all the rest is verified, and stays.
    let path = context.path("bundle.tar.zst");
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let (place, mut byte) = (file.metadata().unwrap().len() / 2, [0]);
    file.seek(SeekFrom::Start(place)).unwrap();
    file.read_exact(&mut byte).unwrap();
    let mut put = |byte: u8| {
        file.seek(SeekFrom::Start(place)).unwrap();
        file.write_all(&[byte]).unwrap();
    };
    put(!byte[0]);
    assert_eq!(context.import("bundle.tar.zst", &[]).code, Some(1));
    let incoming = context.files("state/generations").into_iter().find(|name| name.ends_with("/verified")).unwrap();
    let verified = std::fs::read_to_string(context.state().join("generations").join(incoming)).unwrap();
    // 48 layers, a configuration and a manifest, but for the damaged one.
    assert_eq!(verified.lines().filter(|line| line.len() == 64).count(), 49, "{verified}");

    // The damaged file is carried again; what is verified is passed over, so a whole import would not notice
    // that another part of the file is bad by now. That the result is whole shows that nothing was read twice.
    put(byte[0]);
    context.import("bundle.tar.zst", &[]).succeeded();
    assert!(same(&path, &context.state().join("generations/1/bundle.tar.zst")));
}

#[test]
fn ctrl_c_stops_at_once_and_says_how_to_go_on() {
    let context = Context::new();
    large(&context);
    // Whatever the moment is: it ends as interrupted, or it was done before.
    for wait in [5, 20, 40, 80] {
        let child = context.command(&IMPORT).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let output = child.wait_with_output().unwrap();
        let messages = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(130) => assert!(messages.contains("run the same command again"), "{messages}"),
            // Before the program listens for signals, the signal itself ends it.
            Some(0) | None => {}
            other => panic!("{other:?}: {messages}"),
        }
    }
    context.run(&IMPORT).succeeded();
}

/// Runs a shell script in a mount namespace of its own: what it mounts is gone with it.
fn in_a_namespace(context: &Context, script: &str) -> Ended {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-euc", script, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_airgap-install")).current_dir(context.path("."));
    Ended::of(command.stdin(Stdio::null()).output().expect("unshare is installed"))
}

#[test]
fn a_disk_that_is_too_small_is_found_before_anything_is_changed() {
    let context = Context::new();
    large(&context);
    std::fs::create_dir(context.path("disk")).unwrap();
    let script = "mount -t tmpfs -o size=8m tmpfs disk; \"$1\" --bundle bundle.tar.zst --trust allowed_signers \
                  --no-serve --state disk/state || code=$?; find disk; exit ${code:-0}";
    let ended = in_a_namespace(&context, script);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), "disk\n"), "{}", ended.show());
    assert!(ended.stderr.contains("disk` needs 39."), "{}", ended.show());
    assert!(ended.stderr.contains("help: make room"), "{}", ended.show());
}

#[test]
fn a_state_directory_that_can_not_be_written_is_found_first() {
    let context = Context::with_bundle();
    std::fs::create_dir(context.path("disk")).unwrap();
    let script = "mount -t tmpfs -o ro tmpfs disk; \
                  \"$1\" --bundle bundle.tar.zst --trust allowed_signers --no-serve --state disk/state";
    let ended = in_a_namespace(&context, script);
    assert_eq!(ended.code, Some(1), "{}", ended.show());
    assert!(ended.stderr.contains("error: cannot write to `"), "{}", ended.show());
    assert!(ended.stderr.contains("caused by: Read-only file system"), "{}", ended.show());
}

#[test]
fn a_disk_that_fills_up_leaves_nothing_served_and_the_next_run_goes_on() {
    let context = Context::new();
    large(&context);
    std::fs::create_dir(context.path("disk")).unwrap();
    // The preflight counts bytes; what runs out here, in the middle, is room for one more file.
    let script = "install() { \"$program\" --bundle bundle.tar.zst --trust allowed_signers --no-serve --state disk/state; }; \
        program=$1; failed=0; mount -t tmpfs -o size=60m,nr_inodes=7 tmpfs disk; \
        install || failed=$?; echo \"exit $failed\"; ls disk/state/generations; \
        mount -o remount,nr_inodes=100 disk; install; ls -A disk/state/generations; \
        cmp bundle.tar.zst disk/state/generations/1/bundle.tar.zst";
    let ended = in_a_namespace(&context, script).succeeded();
    assert!(ended.stdout.starts_with("exit 1\n") && ended.stdout.ends_with("\n1\n"), "{}", ended.show());
    assert!(ended.stderr.contains("error: no room left on the disk"), "{}", ended.show());
    assert!(ended.stderr.contains("it goes on where it was"), "{}", ended.show());
}

#[test]
fn room_that_somebody_else_takes_meanwhile_does_no_harm_either() {
    let context = Context::new();
    large(&context);
    std::fs::create_dir(context.path("disk")).unwrap();
    let script = "mount -t tmpfs -o size=60m tmpfs disk; mkdir disk/state; \
        install() { \"$1\" --bundle bundle.tar.zst --trust allowed_signers --no-serve --state disk/state; }; \
        head -c 10000000 /dev/zero > disk/other; \
        ( while [ ! -e disk/state/generations ]; do :; done; head -c 45000000 /dev/zero > disk/more || : ) & \
        if install \"$1\"; then echo whole; else ls disk/state/generations; fi; wait; \
        rm -f disk/other disk/more; install \"$1\"; ls disk/state/generations; \
        cmp bundle.tar.zst disk/state/generations/1/bundle.tar.zst";
    let ended = in_a_namespace(&context, script).succeeded();
    assert!(ended.stdout.ends_with("1\n"), "{}", ended.show());
}

#[test]
fn a_medium_that_breaks_is_named_and_the_next_run_goes_on() {
    let context = Context::new();
    large(&context);
    let whole = context.path("whole.tar.zst");
    let bundle = context.path("bundle.tar.zst");
    std::fs::rename(&bundle, &whole).unwrap();
    std::fs::copy(&whole, &bundle).unwrap();
    let size = whole.metadata().unwrap().len();
    // The file loses its middle while it is read: to the reader that is a medium that is gone. The program opens the
    // file first and reads it then, so it is cut as soon as the state directory shows up.
    let mut child = context.command(&IMPORT).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !context.state().join("generations").exists() && child.try_wait().unwrap().is_none() {
        std::hint::spin_loop();
    }
    std::fs::OpenOptions::new().write(true).open(&bundle).unwrap().set_len(size / 3).unwrap();
    let ended = Ended::of(child.wait_with_output().unwrap());
    if ended.code == Some(1) {
        assert!(ended.stderr.contains("bundle.tar.zst"), "{}", ended.show());
        assert!(!context.state().join("generations/1").exists());
    }
    std::fs::copy(&whole, &bundle).unwrap();
    context.run(&IMPORT).succeeded();
    assert!(same(&whole, &context.state().join("generations/1/bundle.tar.zst")));
}
