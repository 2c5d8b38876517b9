//! From what a node says of itself to facts. It may say anything: what is not understood is left out, and of everything
//! there is a bounded number.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Facts, Folder, Link, Module, Protocol, Route, Socket, Unit};
use crate::claim::Claim;

/// How many lines are read. A node has some hundreds of facts, most of them sockets and routes.
const LINES: usize = 5000;
/// How long a line may be, in bytes.
const LINE: usize = 8000;

/// Reads what the script says. `folders` is how many it was asked for. None when the end is missing: then it was cut off.
pub fn parse(text: &str, folders: usize) -> Option<Facts> {
    let mut facts = Facts { folders: vec![None; folders], ..Facts::default() };
    let mut complete = false;
    for line in text.lines().take(LINES).filter(|line| line.len() <= LINE) {
        let words: Vec<&str> = line.split('\t').collect();
        // What follows the end is not the script's.
        if words == ["end", "yes"] {
            complete = true;
            break;
        }
        let known = identity(&mut facts, &words)
            .or_else(|| kernel(&mut facts, &words))
            .or_else(|| network(&mut facts, &words))
            .or_else(|| system(&mut facts, &words));
        if known.is_none() {
            tracing::debug!(line = line.escape_debug().to_string(), "not understood");
        }
    }
    complete.then_some(facts)
}

fn text(word: &str) -> Option<String> {
    (!word.is_empty()).then(|| word.to_owned())
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(str::to_owned)
}

fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "yes" | "Y" | "1" => Some(true),
        "no" | "N" | "0" => Some(false),
        _ => None,
    }
}

fn identity(facts: &mut Facts, line: &[&str]) -> Option<()> {
    let (identity, machine) = (&mut facts.identity, &mut facts.machine);
    match *line {
        ["hostname", name] => identity.hostname = text(name),
        ["machine-id", id] => identity.machine_id = text(id),
        ["product-uuid", id] => identity.product_uuid = text(id).map(|id| id.to_ascii_lowercase()),
        ["os-ID", id] => identity.os = text(id),
        ["os-VERSION_ID", version] => identity.os_version = text(version),
        ["resolves", name, address] => {
            identity.resolves.insert(name.to_owned(), address.parse().ok());
        }
        ["architecture", name] => machine.architecture = text(name),
        ["cpus", count] => machine.cpus = count.parse().ok(),
        ["cpu-flag", flag] => {
            machine.cpu_flags.insert(flag.to_owned());
        }
        ["memory-kb", kilobytes] => machine.memory = bytes(kilobytes),
        ["swaps", places] => machine.swaps = Some(words(places).collect()),
        ["tool", name] => {
            machine.tools.insert(name.to_owned());
        }
        ["iptables", version] => machine.iptables = text(version),
        _ => return None,
    }
    Some(())
}

fn kernel(facts: &mut Facts, line: &[&str]) -> Option<()> {
    let kernel = &mut facts.kernel;
    match *line {
        ["kernel", release] => kernel.release = text(release),
        ["module", name, state] => {
            let state = match state {
                "loaded" => Module::Loaded,
                "loadable" => Module::Loadable,
                "missing" => Module::Missing,
                _ => return None,
            };
            kernel.modules.insert(name.to_owned(), state);
        }
        ["sysctl", name, value] => {
            kernel.sysctls.insert(name.to_owned(), value.trim().to_owned());
        }
        ["cgroup", "1"] => kernel.cgroup = Some(1),
        ["cgroup", "2"] => kernel.cgroup = Some(2),
        ["controllers", names] => kernel.controllers = words(names).collect(),
        ["apparmor", on] => kernel.apparmor = yes_or_no(on),
        ["selinux-enforcing", on] => kernel.selinux_enforcing = yes_or_no(on),
        ["root-mount", "shared"] => kernel.root_shared = Some(true),
        ["root-mount", "private"] => kernel.root_shared = Some(false),
        ["folder", number, ref rest @ ..] => {
            let place = facts.folders.get_mut(number.parse::<usize>().ok()?)?;
            *place = Some(folder(rest)?);
        }
        _ => return None,
    }
    Some(())
}

fn bytes(kilobytes: &str) -> Option<u64> {
    kilobytes.parse::<u64>().ok()?.checked_mul(1024)
}

fn folder(line: &[&str]) -> Option<Folder> {
    let &[kind, point, file_system, options, size, free, inodes, free_inodes] = line else { return None };
    let inodes: Option<(u64, u64)> = inodes.parse().ok().zip(free_inodes.parse().ok());
    Some(Folder {
        link: kind == "link",
        mounted_at: PathBuf::from(point),
        file_system: file_system.to_owned(),
        options: options.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>(),
        size: bytes(size)?,
        free: bytes(free)?,
        inodes: inodes.filter(|(all, _)| *all > 0),
    })
}

fn network(facts: &mut Facts, line: &[&str]) -> Option<()> {
    let network = &mut facts.network;
    match *line {
        ["link", name, mac, mtu, kind] => {
            let (name, mac) = (name.to_owned(), mac.to_ascii_lowercase());
            network.links.push(Link { name, mac, mtu: mtu.parse().ok()?, device: kind == "device" });
        }
        // A tunnel's end is told as its address alone.
        ["address", name, address] => network.addresses.push((name.to_owned(), net(address)?)),
        ["route", family, to, device] => {
            let to = match (to, family) {
                ("default", "4") => IpNet::V4(Ipv4Net::default()),
                ("default", "6") => IpNet::V6(Ipv6Net::default()),
                (to, "4" | "6") => net(to)?,
                _ => return None,
            };
            network.routes.push(Route { to, device: device.to_owned() });
        }
        ["resolver", "file"] => {
            network.nameservers.get_or_insert_default();
        }
        // A link-local one has its interface behind it.
        ["nameserver", address] => {
            let address = address.split(['%', ' ']).next()?.parse().ok()?;
            network.nameservers.get_or_insert_default().push(address);
        }
        ["search", domains] => network.search.extend(words(domains)),
        ["proxy", place, name] => network.proxies.push((place.to_owned(), name.to_owned())),
        ["firewall", name] => network.firewalls.push(name.to_owned()),
        ["networkmanager-leaves-cni", leaves] => network.networkmanager_leaves_cni = yes_or_no(leaves),
        _ => return None,
    }
    Some(())
}

fn net(text: &str) -> Option<IpNet> {
    IpNet::from_str(text).ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn system(facts: &mut Facts, line: &[&str]) -> Option<()> {
    let packages = &mut facts.packages;
    match *line {
        ["sockets", "looked"] => {
            facts.sockets.get_or_insert_default();
        }
        ["listen", protocol, address, process] => {
            let protocol = protocol.parse().ok()?;
            let port = address.rsplit_once(':')?.1.parse().ok()?;
            facts.sockets.get_or_insert_default().push(Socket { protocol, port, process: program(process) });
        }
        ["synchronised", on] => facts.synchronised = yes_or_no(on),
        ["unit", name, active, file] => {
            facts.units.insert(name.to_owned(), Unit { active: active.to_owned(), file: file.to_owned() });
        }
        // A folder of the site's may be one that is looked at anyway.
        ["leftover", path] if facts.leftovers.iter().any(|known| known == path) => {}
        ["leftover", path] => facts.leftovers.push(path.to_owned()),
        ["claim", site, cluster] => facts.claim = Claim::parse(site, cluster),
        ["installed", path, version] => facts.installed.push((PathBuf::from(path), version.to_owned())),
        ["dpkg-audit", names] => packages.unfinished = Some(words(names).collect()),
        ["held", name] => packages.held.push(name.to_owned()),
        ["dpkg-lock", _, process] => packages.locked_by = Some(process.to_owned()),
        ["reboot-required", required] => packages.reboot_required = yes_or_no(required),
        _ => return None,
    }
    Some(())
}

/// The program of `users:(("sshd",pid=1,fd=3))`.
fn program(users: &str) -> Option<String> {
    let (name, _) = users.strip_prefix("users:((\"")?.split_once('"')?;
    text(name)
}

impl FromStr for Protocol {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn facts_are_read_from_lines() {
        let said = "hostname\tn1\nproduct-uuid\tAB-1\ncpus\t4\nmemory-kb\t2048\nswaps\t/dev/vdb /swap \nmodule\toverlay\tloaded\n\
            cgroup\t2\ncontrollers\tcpu memory\nfolder\t1\tlink\t/var lib\txfs\trw,noexec\t100\t50\t10\t9\n\
            folder\t0\tfolder\t/\tbtrfs\trw\t100\t50\t0\t0\nlink\teth0\tAA:BB:cc:00:00:01\t1500\tdevice\n\
            address\teth0\t10.0.0.7/24\naddress\teth0\tfe80::1/64\nroute\t4\tdefault\teth0\nroute\t4\t10.1.0.9\teth0\n\
            resolver\tfile\nnameserver\t127.0.0.53\nnameserver\tfe80::1%eth0\nsearch\ta.example b.example\n\
            listen\ttcp\t[::]:22\tusers:((\"sshd\",pid=1,fd=3))\nlisten\tudp\t127.0.0.53%lo:53\t\nsockets\tlooked\n\
            unit\tufw.service\tactive\tenabled\nresolves\tlocalhost\t127.0.0.1\nresolves\tn1\t\nclaim\tplant\tsha256:beef\n\
            end\tyes\n";
        let facts = parse(said, 2).unwrap();
        assert_eq!(facts.identity.hostname.as_deref(), Some("n1"));
        assert_eq!(facts.identity.product_uuid.as_deref(), Some("ab-1"));
        assert_eq!(facts.identity.resolves["n1"], None);
        assert_eq!(facts.machine.memory, Some(2 << 20));
        assert_eq!(facts.machine.swaps.as_ref().unwrap().len(), 2);
        assert_eq!(facts.folders[0].as_ref().unwrap().inodes, None, "a file system without a bound");
        let kept = facts.folders[1].as_ref().unwrap();
        assert!(kept.link && kept.options.contains("noexec") && kept.inodes == Some((10, 9)) && kept.free == 50 << 10);
        assert_eq!(facts.network.links[0].mac, "aa:bb:cc:00:00:01");
        assert_eq!(facts.network.routes[0].to.prefix_len(), 0);
        assert_eq!(facts.network.routes[1].to.to_string(), "10.1.0.9/32");
        assert_eq!(facts.network.nameservers.as_ref().unwrap().len(), 2);
        assert_eq!(facts.network.search, ["a.example", "b.example"]);
        let sockets = facts.sockets.as_ref().unwrap();
        assert_eq!((sockets[0].port, sockets[0].process.as_deref()), (22, Some("sshd")));
        assert_eq!((sockets[1].protocol, sockets[1].port, &sockets[1].process), (Protocol::Udp, 53, &None));
        assert_eq!(facts.claim, None, "what is no digest names no cluster");
        assert!(facts.runs("ufw.service") && !facts.runs("docker.service"));
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_what_is_cut_off_is_nothing() {
        let said = "hostname\tn1\textra\ncpus\tmany\nmemory-kb\t99999999999999999999\nfolder\t7\tfolder\t/\text4\trw\t1\t1\t1\t1\n\
            folder\t0\tfolder\nunknown\tx\nlisten\ttcp\tnowhere\t\nmodule\toverlay\tperhaps\n\n\t\t\nend\tyes\nhostname\tlater\n";
        assert_eq!(parse(said, 1).unwrap(), Facts { folders: vec![None], ..Facts::default() });
        assert_eq!(parse("hostname\tn1\n", 0), None);
        let flood = "leftover\t/x\n".repeat(LINES * 2) + "end\tyes\n";
        assert_eq!(parse(&flood, 0), None, "no more is read than a node has");
        let long = format!("hostname\t{}\nend\tyes\n", "x".repeat(LINE));
        assert_eq!(parse(&long, 0).unwrap().identity.hostname, None);
    }
}
