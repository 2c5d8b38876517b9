//! A question for a name, asked of the cluster's DNS as a pod would, over TCP (RFC 1035): a server carries it there through SSH,
//! so nothing that asks need be on a node.

use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use manifests::Site;

use crate::engine::chain;
use crate::ssh::Machine;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
const PORT: u16 = 53;
/// What an answer has to begin with, so that it is the one to our question.
const ID: [u8; 2] = [0x61, 0x67];
/// The kinds of records: addresses of IPv4 and of IPv6.
const A: u16 = 1;
const AAAA: u16 = 28;
/// The class of the internet.
const IN: u16 = 1;
const HEADER: usize = 12;

/// Where a name is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The server.
    pub server: IpAddr,
    /// The name.
    pub name: String,
    kind: u16,
}

impl Question {
    /// For the API's own service, which every cluster has.
    pub fn of(site: &Site) -> Option<Self> {
        let network = &site.network;
        let services = network.services.first()?.net;
        let tenth = match services.network() {
            IpAddr::V4(first) => IpAddr::from((u32::from(first) + 10).to_be_bytes()),
            IpAddr::V6(first) => IpAddr::from((u128::from(first) + 10).to_be_bytes()),
        };
        let server = network.dns.address.as_ref().map_or(tenth, |address| address.value);
        let kind = if services.addr().is_ipv4() { A } else { AAAA };
        Some(Self { server, name: format!("kubernetes.default.svc.{}", network.dns.domain), kind })
    }

    /// Of a server, for what every cluster has.
    #[cfg(test)]
    pub(super) fn at(server: &str) -> Self {
        let name = "kubernetes.default.svc.cluster.local".to_owned();
        Self { server: server.parse().unwrap_or(IpAddr::from([0; 4])), name, kind: A }
    }

    /// As it is sent, behind its length.
    fn bytes(&self) -> Vec<u8> {
        let mut message = Vec::new();
        message.extend(ID);
        // A question, for which further servers may be asked; one of it, and nothing else.
        message.extend([0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
        for label in self.name.split('.') {
            // Labels of valid names have 63 bytes at most.
            message.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
            message.extend(label.bytes());
        }
        message.push(0);
        message.extend(self.kind.to_be_bytes());
        message.extend(IN.to_be_bytes());
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&length[..], &message].concat()
    }
}

/// Asks from a server of the cluster. Why there is no good answer, if so.
pub(super) async fn ask(from: &Machine, question: &Question) -> Result<(), String> {
    let exchange = async {
        let server = question.server.to_string();
        let mut channel = from.dial(&server, PORT).await.map_err(|error| chain(&error))?;
        exchange(&mut channel, question).await
    };
    timeout(PATIENCE, exchange).await.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
}

async fn exchange(channel: &mut (impl AsyncRead + AsyncWrite + Unpin), question: &Question) -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    channel.write_all(&question.bytes()).await.map_err(failed)?;
    channel.flush().await.map_err(failed)?;
    let mut length = [0; 2];
    channel.read_exact(&mut length).await.map_err(failed)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    channel.read_exact(&mut answer).await.map_err(failed)?;
    judge(&answer)
}

/// Whether an answer says where the name is.
fn judge(answer: &[u8]) -> Result<(), String> {
    let header: &[u8; HEADER] = answer.first_chunk().ok_or("its answer is cut off")?;
    let is_answer = header[..2] == ID && header[2] & 0x80 != 0;
    match (is_answer, header[3] & 0x0f, u16::from_be_bytes([header[6], header[7]])) {
        (false, ..) => Err("it answers another question".to_owned()),
        (_, 0, 1..) => Ok(()),
        (_, 0, 0) => Err("it knows no address for it".to_owned()),
        (_, 3, _) => Err("it knows no such name".to_owned()),
        (_, code, _) => Err(format!("it answers with the error {code}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn question() -> Question {
        Question::at("10.43.0.10")
    }

    /// What comes of it when the server answers with these bytes.
    async fn answered(answer: &[u8]) -> Result<(), String> {
        let (mut ours, mut theirs) = tokio::io::duplex(512);
        let answer = answer.to_vec();
        let server = tokio::spawn(async move {
            let mut asked = vec![0; question().bytes().len()];
            theirs.read_exact(&mut asked).await.unwrap();
            theirs.write_all(&answer).await.unwrap();
            asked
        });
        let came = exchange(&mut ours, &question()).await;
        assert_eq!(server.await.unwrap()[14..], *b"\x0akubernetes\x07default\x03svc\x07cluster\x05local\0\0\x01\0\x01");
        came
    }

    #[tokio::test]
    async fn an_answer_counts_when_it_is_one_and_has_an_address() {
        let header =
            |flags: [u8; 2], answers: u8| [&[0, 12][..], &ID, &flags, &[0, 1, 0, answers, 0, 0, 0, 0]].concat();
        assert_eq!(answered(&header([0x85, 0x80], 1)).await, Ok(()));
        for (answer, problem) in [
            (header([0x85, 0x83], 0), "no such name"),
            (header([0x85, 0x82], 0), "the error 2"),
            (header([0x85, 0x80], 0), "no address"),
            (header([0x05, 0x80], 1), "another question"),
            (vec![0, 4, 0x61, 0x67, 0x85, 0x80], "cut off"),
            (vec![0, 12, 0x61], "early eof"),
            (Vec::new(), "early eof"),
        ] {
            let said = answered(&answer).await.unwrap_err();
            assert!(said.contains(problem), "{problem}: {said}");
        }
    }
}
