//! What a command is told, what it says, how it ends.

use std::sync::Arc;
use std::time::Duration;

use installer::host::{Command, Exit, Host as _, HostError, Input};

use super::server::{Rig, Server, run, text};

#[test]
fn arguments_arrive_as_they_are() {
    let (server, argv) = (Server::new(), nasty());
    let rig = Rig::of(&server);
    let words: Vec<&str> = ["printf", "%s\\0"].into_iter().chain(argv.iter().map(String::as_str)).collect();
    assert_eq!(text(&rig.run(&words).unwrap()).split_terminator('\0').collect::<Vec<_>>(), argv);
    assert!(matches!(rig.run(&["printf", "a\0b"]), Err(HostError::Local { .. })), "a zero byte ends an argument");
}

fn nasty() -> Vec<String> {
    let all: String = (1..=255u8).map(char::from).collect();
    let words =
        ["", " ", "-n", "'", "''\"", "$(id)", "`id`", "${HOME}", "*", "~", "a\nb\n", "\\", "#x", "!!", "é€🦀", "a=b"];
    words.iter().map(|&word| word.to_owned()).chain([all]).collect()
}

#[test]
fn the_environment_is_the_same_whatever_the_profile_says() {
    let server = Server::with(&["AcceptEnv *", "SetEnv FROM_SERVER=1"]);
    let output = Rig::of(&server).run(&["sh", "-c", "env | sort; pwd; umask"]).unwrap();
    let said = text(&output);
    assert!(!said.contains("FROM_SERVER") && said.contains("LANG=C.UTF-8\n"), "{said}");
    assert!(said.contains("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"), "{said}");
    assert!(said.ends_with("/\n0022\n"), "{said}");
}

#[test]
fn code_signal_and_both_outputs_are_told() {
    let server = Server::new();
    let rig = Rig::of(&server);
    let output = rig.run(&["sh", "-c", "echo out; echo err >&2; exit 7"]).unwrap();
    assert_eq!((output.exit, &output.stdout[..], &output.stderr[..]), (Exit::Code(7), &b"out\n"[..], &b"err\n"[..]));
    assert_eq!(rig.run(&["sh", "-c", "kill -TERM $$"]).unwrap().exit, Exit::Signal("TERM".into()));
    assert_eq!(rig.run(&["/nowhere/to/be/found"]).unwrap().exit, Exit::Code(127));
}

#[test]
fn of_a_large_output_the_end_is_kept() {
    let server = Server::new();
    let output = Rig::of(&server).run(&["sh", "-c", "seq 1 1000000; echo the end"]).unwrap();
    assert!(output.cut && output.stdout.len() == 256 << 10 && output.stdout.ends_with(b"1000000\nthe end\n"));
}

#[test]
fn input_arrives_whole_from_bytes_and_from_a_part_of_a_file() {
    let server = Server::new();
    let rig = Rig::of(&server);
    let machine = rig.machine();
    let bytes: Vec<u8> = (0..9_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let file = server.path("content");
    std::fs::write(&file, &bytes).unwrap();
    let sum = |input| {
        let output = rig.run_on(&machine, &Command::new("add up", &["sha256sum"]).reading(input)).unwrap();
        text(&output)[..64].to_owned()
    };
    let whole = run("sha256sum", &[file.to_str().unwrap()])[..64].to_owned();
    assert_eq!(sum(Input::Bytes(Arc::from(&bytes[..]))), whole);
    assert_eq!(sum(Input::File { path: file.clone(), offset: 0, length: bytes.len() as u64 }), whole);
    std::fs::write(server.path("part"), &bytes[1_000_001..6_000_002]).unwrap();
    let part = run("sha256sum", &[server.path("part").to_str().unwrap()])[..64].to_owned();
    assert_eq!(sum(Input::File { path: file.clone(), offset: 1_000_001, length: 5_000_001 }), part);
    // A command that does not read is not waited for; a file that is too short is told.
    let unread = Command::new("ignore it", &["true"]).reading(Input::Bytes(Arc::from(&bytes[..])));
    assert!(rig.run_on(&machine, &unread).unwrap().exit.succeeded());
    let short = Command::new("read", &["cat"]).reading(Input::File { path: file, offset: 0, length: 9_000_001 });
    assert!(matches!(rig.run_on(&machine, &short), Err(HostError::Local { .. })));
}

#[test]
fn a_command_ends_there_when_its_time_is_over() {
    let server = Server::new();
    let rig = Rig::of(&server);
    let pid = server.path("pid");
    let script = "echo $$ >\"$1\"; sleep 1000";
    let command = Command::script("sleep", script, &[pid.to_str().unwrap()]).within(Duration::from_secs(1));
    let error = rig.run_on(&rig.machine(), &command).unwrap_err();
    assert!(matches!(error, HostError::TimedOut { seconds: 1, .. }), "{error}");
    let pid = std::fs::read_to_string(pid).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "{pid} goes on");
}

#[test]
fn commands_run_side_by_side_on_one_connection() {
    let server = Server::new();
    let rig = Rig::of(&server);
    let machine = rig.machine();
    // More than the server allows at once on a connection.
    let commands: Vec<_> =
        (0..30).map(|n| Command::new("say", &["sh", "-c", "sleep 0.1; echo $0", &n.to_string()])).collect();
    let outputs = rig.block(futures_util::future::join_all(commands.iter().map(|command| machine.run(command))));
    let said: Vec<String> = outputs.into_iter().map(|output| text(&output.unwrap()).trim().to_owned()).collect();
    assert_eq!(said, (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_stream_leads_to_a_port_of_the_machine() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = Server::new();
    let rig = Rig::of(&server);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let echo = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::copy(&mut stream.try_clone().unwrap(), &mut stream).unwrap();
    });
    let machine = rig.machine();
    let back = rig.block(async {
        let mut stream = machine.dial("127.0.0.1", port).await.unwrap();
        stream.write_all(b"there and back").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut back = String::new();
        stream.read_to_string(&mut back).await.unwrap();
        back
    });
    echo.join().unwrap();
    assert_eq!(back, "there and back");
    let error = rig.block(machine.dial("127.0.0.1", port)).err().unwrap();
    assert!(error.is_passing() && error.to_string().contains(&format!("127.0.0.1:{port} can't be reached")), "{error}");
}
