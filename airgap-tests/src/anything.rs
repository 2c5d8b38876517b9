//! An upstream that has whatever some stacks ask for. All of it is made up here: small, and the same in every run.
//!
//! | what | how it is answered |
//! |---|---|
//! | a name | every one is here: a name server of its own says so |
//! | an image | under every host, name and tag, an index with one image for `linux/amd64` |
//! | a chart | those that the stacks name: a Deployment with an image of its own, what its component has to decide, and the definitions that the real one installs for others (`charts.rs`) |
//! | a file | those that the stacks name, from another host by a redirect, as releases are; lists of checksums have the right ones |
//! | a package | those that the stacks name and an essential one, in archives with all suites, signed by a key that takes the place of the distribution's |
//!
//! What can't be made is content of a digest that somebody else has pinned. It speaks TLS by a CA of its own, and plain HTTP.

mod charts;
mod files;
mod images;
mod names;
mod packages;
mod server;

use std::io;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use bundler::resolve::ResolvedStack;

use crate::machine::Machine;
use crate::network::Network;
use charts::Charts;
use files::Files;
use images::Images;
use packages::Packages;
use server::{Asked, Authority, Reply};

pub use charts::image_of;

/// The upstream. It has a network to itself, without any way out.
#[derive(Debug)]
pub struct Anything {
    network: Arc<Network>,
    host: Machine,
}

/// What it answers from.
#[derive(Debug)]
struct Content {
    images: Images,
    charts: Charts,
    files: Files,
    packages: Packages,
}

impl Anything {
    /// One that has what these stacks ask for.
    ///
    /// # Errors
    /// When a tool is missing, or a server does not start.
    pub fn of(stacks: &[ResolvedStack]) -> Result<Self> {
        let network = Arc::new(Network::new(&[])?);
        let host = Machine::on(Arc::clone(&network))?;
        let packages = Packages::of(stacks, &host)?;
        // The keyring of the distribution, as whoever uses this network sees it.
        let keyrings = packages.keyrings().display().to_string();
        network.run("mount", &["--bind", &keyrings, "/usr/share/keyrings"])?;
        let content =
            Content { images: Images::default(), charts: Charts::of(stacks)?, files: Files::of(stacks), packages };
        let authority = Authority::new()?;
        std::fs::write(host.path("ca.pem"), authority.certificate()).context("cannot write a certificate")?;
        let sockets = || -> io::Result<_> {
            Ok((
                TcpListener::bind("127.0.0.1:443")?,
                TcpListener::bind("127.0.0.1:80")?,
                UdpSocket::bind("127.0.0.1:53")?,
            ))
        };
        let (secure, plain, asked_for_names) = network.inside(sockets).context("cannot listen")?;
        names::answer(asked_for_names);
        let content = Arc::new(content);
        let answer = move |asked: &Asked| content.answer(asked);
        server::serve(secure, Some(authority.into_tls()?), answer.clone());
        server::serve(plain, None, answer);
        Ok(Self { network, host })
    }

    /// A machine in its network, which trusts its CA.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn machine(&self) -> Result<Machine> {
        Ok(Machine::on(Arc::clone(&self.network))?.with("SSL_CERT_FILE", self.ca()))
    }

    fn ca(&self) -> PathBuf {
        self.host.path("ca.pem")
    }
}

impl Content {
    fn answer(&self, asked: &Asked) -> Reply {
        if let Some(path) = asked.path.strip_prefix("/v2/") {
            return self.images.answer(&asked.host, path);
        }
        let place = asked.place();
        let found = self.charts.answer(&place).or_else(|| self.files.answer(&place));
        found.or_else(|| self.packages.answer(&place)).unwrap_or_else(Reply::absent)
    }
}
