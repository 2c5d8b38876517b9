//! A long way to machines that are near: connections are handed on, and everything that goes through them arrives later.
//!
//! The kernel here may lack the queue that delays packets, so this is done with connections. What is said is the same: a question and
//! its answer take a round trip longer, the setting up of a connection one more.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The first argument by which a bench starts itself again, in the network of the jump host.
pub(crate) const AGAIN: &str = "delay";

/// Hands connections on, `MILLISECONDS FROM=TO…`, each way after half of that time. Ends with the process.
pub(crate) fn hand_on(arguments: &[String]) -> Result<()> {
    let [milliseconds, ways @ ..] = arguments else { anyhow::bail!("{AGAIN} MILLISECONDS FROM=TO…") };
    let round_trip = Duration::from_millis(milliseconds.parse().context("no number of milliseconds")?);
    thread::scope(|scope| {
        for way in ways {
            let (from, to) = way.split_once('=').context("a way is FROM=TO")?;
            let listener = TcpListener::bind(from).with_context(|| format!("cannot listen on {from}"))?;
            scope.spawn(move || {
                for stream in listener.incoming().flatten() {
                    let to = to.to_owned();
                    thread::spawn(move || connect(stream, &to, round_trip));
                }
            });
        }
        println!("ready");
        anyhow::Ok(())
    })
}

fn connect(near: TcpStream, to: &str, round_trip: Duration) {
    thread::sleep(round_trip);
    let Ok(far) = TcpStream::connect(to) else { return };
    let copies = (near.try_clone(), far.try_clone());
    if let (Ok(near_too), Ok(far_too)) = copies {
        thread::spawn(move || delay(near, far, round_trip / 2));
        delay(far_too, near_too, round_trip / 2);
    }
}

/// Passes on what comes, each piece after `wait`; any number of pieces is under way at the same time.
fn delay(mut from: TcpStream, mut to: TcpStream, wait: Duration) {
    to.set_nodelay(true).ok();
    let (send, receive) = mpsc::channel::<(Instant, Vec<u8>)>();
    let writer = thread::spawn(move || {
        for (due, piece) in receive {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Write).ok();
    });
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if send.send((Instant::now() + wait, buffer[..length].to_vec())).is_err() {
            break;
        }
    }
    drop(send);
    writer.join().ok();
}
