//! Figures of the site's server, against nginx and Debian's registry.

use airgap_tests::{Daemon, Machine};
use anyhow::{Context, Result};

use crate::content::{Content, REGISTRY_PORT};
use crate::figure::Bound::{AtLeast, AtMost};
use crate::figure::Figure;
use crate::load::{Seen, load};
use crate::measure::peak_memory;

const PLAIN: u16 = 6001;
const TLS: u16 = 6002;
const NGINX_PLAIN: u16 = 6003;
const NGINX_TLS: u16 = 6004;
/// How often each server is loaded.
const ROUNDS: usize = 3;

pub(crate) fn measure(content: &Content, seconds: u64) -> Result<Vec<Figure>> {
    let machine = &content.machine;
    let plain = serve(machine, PLAIN, "plain-state", &["--plain-http", "--anonymous-pull"])?;
    let tls = serve(machine, TLS, "tls-state", &[])?;
    let _nginx = nginx(machine)?;
    let auth = authorization(machine)?;
    let against = Against { content, seconds, auth };
    let mut figures = Vec::new();
    for (image, digests, clients) in [("small", &content.small, 64), ("large", &content.large, 8)] {
        figures.push(against.blobs(image, digests, clients)?);
        figures.push(against.blobs_over_tls(image, digests, clients)?);
    }
    figures.extend(against.manifests()?);
    let memory = |what: &str, server: &Daemon| -> Result<Figure> {
        let peak = peak_memory(server)?;
        Ok(Figure::new(&format!("server memory, {what}"), peak, " MiB", AtMost(64.0), String::new()))
    };
    figures.push(memory("plain HTTP", &plain)?);
    figures.push(memory("TLS with auth", &tls)?);
    Ok(figures)
}

/// Starts the site's server on the bundle.
fn serve(machine: &Machine, port: u16, state: &str, options: &[&str]) -> Result<Daemon> {
    let listen = format!("127.0.0.1:{port}");
    let words = ["serve", "--bundle", "bench.tar.zst", "--in-place", "--trust", "allowed_signers", "--state", state];
    let words = [&words[..], &["--listen", &listen], options].concat();
    let mut server = Daemon::start(&machine.ours("airgap-registry", &words)?, &machine.path(format!("{state}.log")))?;
    machine.wait_for_port(&mut server, port)?;
    Ok(server)
}

/// Starts nginx on the files in which the registry keeps the same blobs, with the TLS of the site's server.
fn nginx(machine: &Machine) -> Result<Daemon> {
    let work = machine.work().display().to_string();
    let root = format!("root {work}/registry/docker/registry/v2/blobs/sha256;");
    let tls = format!(
        "ssl_certificate {work}/tls-state/tls/server.crt; ssl_certificate_key {work}/tls-state/tls/server.key;"
    );
    let config = format!(
        "daemon off; user root; worker_processes auto; pid {work}/nginx.pid; error_log stderr;\n\
         events {{ worker_connections 1024; }}\nhttp {{ access_log off; sendfile on; tcp_nopush on;\n\
         keepalive_requests 1000000; client_body_temp_path {work}/n1; proxy_temp_path {work}/n2;\n\
         fastcgi_temp_path {work}/n3; uwsgi_temp_path {work}/n4; scgi_temp_path {work}/n5;\n\
         server {{ listen 127.0.0.1:{NGINX_PLAIN}; {root} }}\n\
         server {{ listen 127.0.0.1:{NGINX_TLS} ssl; {tls} {root} }} }}\n"
    );
    let config = machine.write("nginx.conf", config)?;
    let command = machine.command("nginx", &["-p", &work, "-e", "stderr", "-c", &config.display().to_string()])?;
    let mut server = Daemon::start(&command, &machine.path("nginx.log"))?;
    machine.wait_for_port(&mut server, NGINX_TLS)?;
    Ok(server)
}

/// The header field with the site's generated credentials.
fn authorization(machine: &Machine) -> Result<String> {
    let text = std::fs::read_to_string(machine.path("tls-state/auth/credentials")).context("no credentials")?;
    let password = text.lines().find_map(|line| line.strip_prefix("password=")).context("no password")?;
    let encode = format!("printf 'airgap:%s' '{password}' | base64 -w0");
    Ok(format!("Basic {}", machine.run("sh", &["-c", &encode])?))
}

/// A server and what it is asked for.
struct Served<'a> {
    base: String,
    paths: &'a [String],
    auth: bool,
}

fn plain(port: u16, paths: &[String]) -> Served<'_> {
    Served { base: format!("http://127.0.0.1:{port}"), paths, auth: false }
}

fn tls(port: u16, paths: &[String], auth: bool) -> Served<'_> {
    Served { base: format!("https://127.0.0.1:{port}"), paths, auth }
}

struct Against<'a> {
    content: &'a Content,
    seconds: u64,
    auth: String,
}

impl Against<'_> {
    fn load(&self, on: &Served<'_>, clients: usize) -> Result<Seen> {
        let auth = on.auth.then_some(self.auth.as_str());
        load(&self.content.machine, &on.base, on.paths, clients, self.seconds, auth)
    }

    /// Loads servers in turn, several times, and gives what each showed in the middle: a machine that is busy with
    /// something else for a moment then does not decide who is faster.
    fn in_turn<const N: usize>(&self, servers: &[Served<'_>; N], clients: usize) -> Result<[Seen; N]> {
        let mut seen = [const { Vec::new() }; N];
        for _ in 0..ROUNDS {
            for (seen, server) in seen.iter_mut().zip(servers) {
                seen.push(self.load(server, clients)?);
            }
        }
        Ok(seen.map(|seen| Seen::middle(&seen)))
    }

    fn ours(image: &str, digests: &[String]) -> Vec<String> {
        let path = |digest| format!("/v2/library/{image}/blobs/{digest}?ns=127.0.0.1:{REGISTRY_PORT}");
        digests.iter().map(path).collect()
    }

    /// The same blobs as nginx finds them.
    fn files(&self, digests: &[String]) -> Vec<String> {
        let path = |digest: &String| {
            let stored = self.content.stored(digest).display().to_string();
            stored.split("/sha256").nth(1).unwrap_or_default().to_owned()
        };
        digests.iter().map(path).collect()
    }

    fn blobs(&self, image: &str, digests: &[String], clients: usize) -> Result<Figure> {
        let (ours, files) = (Self::ours(image, digests), self.files(digests));
        let [theirs, ours] = self.in_turn(&[plain(NGINX_PLAIN, &files), plain(PLAIN, &ours)], clients)?;
        Ok(throughput(&format!("{} / nginx", load_of(image)), ours, theirs, 0.8))
    }

    fn blobs_over_tls(&self, image: &str, digests: &[String], clients: usize) -> Result<Figure> {
        let (ours, files) = (Self::ours(image, digests), self.files(digests));
        let [theirs, ours] = self.in_turn(&[tls(NGINX_TLS, &files, false), tls(TLS, &ours, true)], clients)?;
        Ok(throughput(&format!("{}, TLS with auth / nginx TLS", load_of(image)), ours, theirs, 0.9))
    }

    fn manifests(&self) -> Result<Vec<Figure>> {
        let (theirs, ours): (Vec<_>, Vec<_>) = self
            .content
            .images
            .iter()
            .filter_map(|image| image.split_once(':'))
            .map(|(path, tag)| {
                let tail = format!("{path}/manifests/{tag}");
                (format!("/v2/{tail}"), format!("/v2/{tail}?ns=127.0.0.1:{REGISTRY_PORT}"))
            })
            .unzip();
        let servers = [plain(REGISTRY_PORT, &theirs), plain(PLAIN, &ours), tls(TLS, &ours, true)];
        let [theirs, plain, tls] = self.in_turn(&servers, 64)?;
        let detail = format!("{:.0} / {:.0} a second", plain.requests, theirs.requests);
        let ratio = plain.requests / theirs.requests;
        Ok(vec![
            Figure::new("manifests a second, 64 clients / docker-registry", ratio, "", AtLeast(20.0), detail),
            Figure::new("manifest p99, plain HTTP", plain.p99, " ms", AtMost(10.0), String::new()),
            Figure::new(
                "manifest p99, TLS with auth",
                tls.p99,
                " ms",
                AtMost(20.0),
                format!("{:.0} a second", tls.requests),
            ),
        ])
    }
}

/// What an image's blobs are loaded with.
fn load_of(image: &str) -> &'static str {
    if image == "small" { "blobs, 5 MB × 64 clients" } else { "blobs, 200 MB × 8 clients" }
}

fn throughput(what: &str, ours: Seen, theirs: Seen, bound: f64) -> Figure {
    let detail = format!("{:.2} / {:.2} GB/s", ours.bytes / 1e9, theirs.bytes / 1e9);
    Figure::new(what, ours.bytes / theirs.bytes, "", AtLeast(bound), detail)
}
