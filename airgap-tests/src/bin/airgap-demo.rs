//! The main job on this machine: the session of `README.md`, with real servers, a gap and real clients. Every command is
//! shown, then what it prints.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that talks to a person")]

use std::process::ExitCode;

use airgap_tests::{repository, session};

fn main() -> ExitCode {
    println!(
        "Three machines on this one, each a network namespace of its own:\n\
         \x20 ci    sees registries (docker.io, quay.io), a chart repository and a web server, all real, with real content\n\
         \x20 jump  is behind the gap: no route out\n\
         \x20 node  is behind the gap too, with a containerd; it reaches jump and nothing else\n\
         `usb` is what the courier carries.\n"
    );
    let mut place = String::new();
    let played = session::play(&repository().join("README.md"), false, &mut |step, output| match output {
        None => {
            if place != step.prompt {
                println!("{}", "─".repeat(100));
                place.clone_from(&step.prompt);
            }
            println!("{} {}", step.prompt, step.command);
        }
        Some(output) => println!("{output}"),
    });
    match played {
        Ok(()) => {
            println!(
                "{}\nPackets that tried to leave the gap: 0.\n\nWhere to look next: README.md (how to use it for real), \
                 docs/ (stacks, signing, the site), manifests/FORMAT.md (the bundle), `make bench` (how fast).",
                "─".repeat(100)
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
