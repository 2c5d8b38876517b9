//! How a request is answered: rightly, or with the fault that is due.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use super::{Fault, Seen, State};

/// An answer that is decided on.
#[derive(Debug, Default)]
pub(super) struct Reply {
    status: u16,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
    head_only: bool,
    fault: Option<Fault>,
}

impl State {
    /// Decides on the answer to a request.
    pub(super) fn decide(&mut self, request: &Seen) -> Reply {
        let path = request.target.split('?').next().unwrap_or_default();
        let head_only = request.method == "HEAD";
        if let Some(realm) = self.realm.as_ref().filter(|_| path.starts_with("/v2/"))
            && request.field("authorization") != Some(&format!("Bearer {}", realm.token))
        {
            let challenge = format!("Bearer realm=\"{}\",service=\"rig\",scope=\"repository:*:pull\"", realm.url);
            return Reply { status: 401, fields: vec![("WWW-Authenticate".into(), challenge)], ..Reply::default() };
        }
        let fault = self.due(&request.target);
        if let Some(Fault::Status(status, fields)) = fault {
            return Reply { status, fields, head_only, ..Reply::default() };
        }
        if let Some(Fault::Redirect(url)) = fault {
            return Reply { status: 307, fields: vec![("Location".into(), url)], head_only, ..Reply::default() };
        }
        if path == "/v2/" {
            return Reply { status: 200, head_only, ..Reply::default() };
        }
        let Some((media_type, content)) = self.content.get(path) else {
            return Reply { status: 404, head_only, ..Reply::default() };
        };
        let ranges = !matches!(fault, Some(Fault::NoRanges));
        let start = request.field("range").filter(|_| ranges).and_then(range_start).filter(|at| *at < content.len());
        let mut fields = vec![("Content-Type".to_owned(), media_type.clone())];
        if let Some(start) = start {
            let range = format!("bytes {start}-{}/{}", content.len() - 1, content.len());
            fields.push(("Content-Range".into(), range));
        }
        let body = content.get(start.unwrap_or(0)..).unwrap_or_default().to_vec();
        Reply { status: if start.is_some() { 206 } else { 200 }, fields, body, head_only, fault }
    }

    /// The fault for a request, counted down.
    fn due(&mut self, target: &str) -> Option<Fault> {
        let (_, times, fault) =
            self.faults.iter_mut().find(|(part, times, _)| *times > 0 && target.contains(part.as_str()))?;
        *times -= 1;
        Some(fault.clone())
    }
}

/// The start of a range `bytes=START-` or `bytes=START-END` (whose end is left aside: a server may send more).
fn range_start(field: &str) -> Option<usize> {
    field.strip_prefix("bytes=")?.split('-').next()?.parse().ok()
}

impl Reply {
    /// Sends it; false when the connection is of no use afterwards.
    pub(super) fn send(mut self, stream: &TcpStream) -> io::Result<bool> {
        match self.fault {
            Some(Fault::WrongBytes) => {
                let middle = self.body.len() / 2;
                if let Some(byte) = self.body.get_mut(middle) {
                    *byte ^= 1;
                }
            }
            Some(Fault::WrongLength(less)) => self.body.truncate(self.body.len().saturating_sub(less)),
            _ => {}
        }
        let mut writer = stream;
        let mut head = format!("HTTP/1.1 {} Rig\r\nContent-Length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        writer.write_all(head.as_bytes())?;
        if self.head_only {
            return Ok(true);
        }
        match self.fault {
            Some(Fault::Cut(after)) => {
                writer.write_all(self.body.get(..after).unwrap_or(&self.body))?;
                stream.shutdown(Shutdown::Both)?;
                Ok(false)
            }
            Some(Fault::Stall(after)) => {
                writer.write_all(self.body.get(..after).unwrap_or(&self.body))?;
                // Until the client loses patience and closes.
                let mut rest = [0];
                io::Read::read(&mut { stream }, &mut rest).ok();
                Ok(false)
            }
            Some(Fault::Drip(piece, pause)) => drip(stream, &self.body, piece, pause),
            _ => writer.write_all(&self.body).map(|()| true),
        }
    }
}

fn drip(mut stream: &TcpStream, body: &[u8], piece: usize, pause: Duration) -> io::Result<bool> {
    for bytes in body.chunks(piece.max(1)) {
        stream.write_all(bytes)?;
        thread::sleep(pause);
    }
    Ok(true)
}
