//! What apt makes of packages that somebody changes between the site and a node.

use std::path::{Path, PathBuf};

use airgap_tests::{Daemon, Machine, Node, Profile, Site, codename};

use super::{bundle, carry_script, debs, installed, packages, run_script, serve};

/// Where the folder is served.
const PORT: u16 = 8000;

/// The packages as a plain folder on the jump host, served by stock nginx.
fn export(site: &Site) -> (PathBuf, Daemon) {
    let folder = site.jump().path("export");
    let printed = packages(site, &["export", &folder.display().to_string()]);
    assert!(printed.contains("Signed-By:"), "{printed}");
    (folder.clone(), web_server(site.jump(), &folder))
}

fn web_server(host: &Machine, root: &Path) -> Daemon {
    let work = host.work().display().to_string();
    let config = format!(
        "daemon off; user root; pid {work}/nginx.pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off; etag off;\n\
         client_body_temp_path {work}/n1; proxy_temp_path {work}/n2; fastcgi_temp_path {work}/n3;\n\
         uwsgi_temp_path {work}/n4; scgi_temp_path {work}/n5;\n\
         server {{ listen {PORT}; root {}; }} }}\n",
        root.display()
    );
    let config = host.write("nginx.conf", config).unwrap();
    let command = host.command("nginx", &["-p", &work, "-e", "stderr", "-c", &config.display().to_string()]).unwrap();
    let mut server = Daemon::start(&command, &host.path("nginx.log")).unwrap();
    host.wait_for_port(&mut server, PORT).unwrap();
    server
}

/// Lets the script on a node ask the plain folder.
fn redirect(node: &Node) {
    let script = std::fs::read_to_string(node.path("/root/packages.sh")).unwrap();
    let uri = script.lines().find(|line| line.starts_with("URIs: ")).unwrap();
    let script = script.replace(uri, &format!("URIs: http://{}:{PORT}", airgap_tests::JUMP));
    node.write("/root/packages.sh", script).unwrap();
}

fn find(folder: &Path, suffix: &str) -> PathBuf {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found = entries.filter_map(|path| {
        if path.is_dir() { find_in(&path, suffix) } else { path.to_string_lossy().ends_with(suffix).then_some(path) }
    });
    found.next().unwrap()
}

fn find_in(folder: &Path, suffix: &str) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.find_map(|path| {
        if path.is_dir() { find_in(&path, suffix) } else { path.to_string_lossy().ends_with(suffix).then_some(path) }
    })
}

/// Changes a byte in the middle of a file.
fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn what_was_changed_on_the_way_is_refused() {
    let site = serve(&bundle("1.0.0", &[debs::make("demo", "1.0", "")], &[("demo", "demo")]), &super::PLAIN);
    let node = site.gap().node(Profile::Minimal).unwrap();
    carry_script(&site, &node);
    redirect(&node);
    let (folder, _server) = export(&site);
    let dists = folder.join("dists").join(codename().unwrap());
    let indexes = find(&dists, "Packages.xz").parent().unwrap().to_owned();

    let refuse = |what: &str, said: &[&str]| {
        let refused = run_script(&node, &[]);
        let told = said.iter().any(|said| refused.stderr.contains(said));
        assert!(refused.code == Some(1) && told, "{what}: {refused}");
        assert_eq!(installed(&node, "demo"), None, "{what}");
    };
    let with_change = |what: &str, files: &[PathBuf], said: &[&str]| {
        let good: Vec<_> = files.iter().map(|path| std::fs::read(path).unwrap()).collect();
        files.iter().for_each(|path| flip(path));
        refuse(what, said);
        files.iter().zip(good).for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    };
    with_change("a package", &[find(&folder.join("pool"), ".deb")], &["Hash Sum mismatch", "File has unexpected size"]);
    with_change("what was signed", &[dists.join("InRelease")], &["BADSIG", "is not signed", "invalid"]);
    let hashed = std::fs::read_dir(indexes.join("by-hash/SHA256")).unwrap().map(|entry| entry.unwrap().path());
    let plain = ["Packages", "Packages.gz", "Packages.xz", "Packages.zst"].map(|name| indexes.join(name));
    let all: Vec<PathBuf> = hashed.chain(plain).collect();
    with_change("an index", &all, &["Hash Sum mismatch", "File has unexpected size"]);

    // Signed well, by somebody else.
    let other = serve(&bundle("1.0.0", &[debs::make("demo", "1.0", "")], &[("demo", "demo")]), &super::PLAIN);
    let (others, _their_server) = export(&other);
    let good = std::fs::read(dists.join("InRelease")).unwrap();
    let theirs = others.join("dists").join(codename().unwrap()).join("InRelease");
    std::fs::copy(theirs, dists.join("InRelease")).unwrap();
    refuse("another site's key", &["NO_PUBKEY", "is not signed"]);

    // And the folder as it was written is good.
    std::fs::write(dists.join("InRelease"), good).unwrap();
    run_script(&node, &[]).success().unwrap();
    assert_eq!(installed(&node, "demo").unwrap(), "1.0");
    assert_eq!(site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
    node.power_off().unwrap();
}
