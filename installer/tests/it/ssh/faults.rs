//! Connections that go.

use std::time::{Duration, Instant};

use installer::host::{Command, Host as _, HostError};
use installer::ssh::Options;

use super::server::{Rig, Server, text};

#[test]
fn a_command_whose_connection_goes_is_lost_and_the_next_one_makes_a_new_one() {
    let server = Server::new();
    let rig = Rig::of(&server);
    let machine = rig.machine();
    let begun = server.path("begun");
    let command = Command::script("wait", "touch \"$1\"; sleep 60", &[begun.to_str().unwrap()]);
    let cut = async {
        while !begun.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server.cut();
    };
    let (lost, ()) = rig.block(async { tokio::join!(machine.run(&command), cut) });
    let lost = lost.unwrap_err();
    assert!(matches!(&lost, HostError::Lost { host, what } if host == "node-1" && what == "wait"), "{lost}");
    assert!(lost.is_passing());
    let again = rig.run_on(&machine, &Command::new("say", &["echo", "again"])).unwrap();
    assert_eq!(text(&again), "again\n");
}

#[test]
fn a_connection_that_went_in_between_is_made_anew_unnoticed() {
    let mut server = Server::new();
    let rig = Rig::of(&server);
    let machine = rig.machine();
    for _ in 0..3 {
        let output = rig.run_on(&machine, &Command::new("say", &["echo", "here"])).unwrap();
        assert_eq!(text(&output), "here\n");
        server.restart();
    }
}

#[test]
fn a_machine_that_is_away_is_tried_again_and_one_that_is_wrong_is_not() {
    let mut server = Server::new();
    let mut rig = Rig::of(&server);
    rig.options = Options { attempts: 3, ..rig.options };
    let machine = rig.machine();
    server.stop();
    let begun = Instant::now();
    let away = rig.run_on(&machine, &Command::new("say", &["true"])).unwrap_err();
    assert!(away.is_passing() && away.to_string().contains("refused"), "{away}");
    assert!(begun.elapsed() >= Duration::from_millis(1500), "three times");
    // It comes back while it is tried.
    let back = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.restart();
    };
    let command = Command::new("say", &["true"]);
    let (found, ()) = rig.block(async { tokio::join!(machine.run(&command), back) });
    assert!(found.unwrap().exit.succeeded());
    rig.ssh().host_keys = vec![Server::new().fingerprint().parse().unwrap()];
    assert!(!rig.run(&["true"]).unwrap_err().is_passing());
}
