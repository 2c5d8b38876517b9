//! A name server for which every name is this machine.

use std::net::UdpSocket;
use std::thread;

/// Bytes before the question.
const HEAD: usize = 12;

/// Answers in a thread of its own, as long as the socket's network is there.
pub(super) fn answer(socket: UdpSocket) {
    thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((count, from)) = socket.recv_from(&mut question) {
            if let Some(reply) = question.get(..count).and_then(reply) {
                // Who asks again is answered again.
                socket.send_to(&reply, from).ok();
            }
        }
    });
}

/// The answer to a question: an address of the loopback for an `A`, and no other kind of record.
fn reply(question: &[u8]) -> Option<Vec<u8>> {
    let name: usize = question.get(HEAD..)?.iter().position(|byte| *byte == 0)? + HEAD + 1;
    let (kind, end) = (question.get(name..name + 2)?, name + 4);
    let is_address = kind == [0, 1];
    let mut reply = question.get(..2)?.to_vec();
    // A response without an error, recursion available; one question, as many answers.
    reply.extend([0x81, 0x80, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
    reply.extend(question.get(HEAD..end)?);
    if is_address {
        // Its name is that of the question; class IN, a minute, four bytes.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some(reply)
}
