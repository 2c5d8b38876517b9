//! Each check on facts made by hand.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use manifests::yaml::SourceFile;

use super::*;
use crate::claim::Claim;
use crate::distribution::{K3s, Rke2};
use crate::facts::{self, Link, Module, Protocol, Reached, Socket, Unit};

/// A site with three servers and an agent.
pub(crate) fn site(cluster: &str) -> Site {
    let node =
        |name: &str, host: u8, role: &str| format!("  - {{name: {name}, address: 10.0.7.{host}, role: {role}}}\n");
    let nodes: String = [("s1", 11), ("s2", 12), ("s3", 13)].map(|(name, host)| node(name, host, "server")).concat();
    let text = format!(
        "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {{name: platform, versions: \"*\"}}\n\
         jumpHost: {{address: 10.0.7.2, port: 5000}}\nssh: {{user: root}}\nnodes:\n{nodes}{}\
         cluster:\n  endpoint: {{vip: 10.0.7.10}}\n{cluster}",
        node("a1", 21, "agent")
    );
    match Site::parse(&SourceFile::new("site.yaml".to_owned(), &text)) {
        Ok(site) => site,
        Err(problems) => panic!("{problems:?}"),
    }
}

/// What a good node says of itself.
pub(crate) fn good(name: &str, address: &str) -> String {
    let id = name.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let modules: String = ["overlay", "br_netfilter", "nf_conntrack", "vxlan", "wireguard"]
        .map(|name| format!("module\t{name}\tloaded\n"))
        .concat();
    let flags: String =
        ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"].map(|flag| format!("cpu-flag\t{flag}\n")).concat();
    let tools: String = ["curl", "gzip", "ip", "modprobe", "mount", "sha256sum", "systemctl", "tar", "umount"]
        .map(|tool| format!("tool\t{tool}\n"))
        .concat();
    let folders: String = (0..4)
        .map(|n| format!("folder\t{n}\tfolder\t/\text4\trw,relatime\t104857600\t83886080\t1000\t900\n"))
        .collect();
    format!(
        "hostname\t{name}\nmachine-id\t{id}\nproduct-uuid\t{id}-1\nos-ID\tubuntu\nos-VERSION_ID\t24.04\nkernel\t6.8.0-45-generic\n\
         architecture\tx86_64\ncpus\t4\nmemory-kb\t8000000\nswaps\t\nresolves\tlocalhost\t127.0.0.1\nresolves\t{name}\t127.0.1.1\n\
         {modules}{flags}{tools}{folders}cgroup\t2\ncontrollers\tcpuset cpu io memory pids\nroot-mount\tshared\n\
         sysctl\tnet.ipv4.ip_forward\t1\nsysctl\tfs.inotify.max_user_instances\t8192\n\
         sysctl\tfs.inotify.max_user_watches\t524288\nsysctl\tnet.ipv4.conf.all.rp_filter\t2\n\
         link\teth0\t52:54:00:00:00:01\t1500\tdevice\naddress\teth0\t{address}/24\nroute\t4\tdefault\teth0\n\
         route\t4\t10.0.7.0/24\teth0\nresolver\tfile\nnameserver\t10.0.7.2\nlisten\ttcp\t0.0.0.0:22\t\nsockets\tlooked\n\
         synchronised\tyes\ndpkg-audit\t\nreboot-required\tno\nend\tyes\n"
    )
}

/// Every node of a site as it has to be.
fn scene(site: &Site) -> Scene<'_> {
    let nodes = site.nodes.iter().enumerate().map(|(number, node)| {
        let mut facts = facts::parse(&good(node.name.as_str(), &node.address.to_string()), 4).unwrap();
        facts.network.links[0].mac = format!("52:54:00:00:00:{number:02x}");
        let flow = |target| Flow { target, reached: Reached::Refused };
        Seen {
            node,
            facts,
            clock: Some(Clock { before: 1_000, node: 1_005, after: 1_010 }),
            fsyncs: vec![Duration::from_millis(2); 100],
            flows: targets(None, site, node).into_iter().map(flow).collect(),
            ours: false,
        }
    });
    Scene { site, bundle: None, distribution: None, nodes: nodes.collect() }
}

/// What is not passed on a node.
fn found(scene: &Scene<'_>, number: usize) -> Vec<(&'static str, Outcome)> {
    let judged = all().map(|check| (check.id, (check.judge)(scene, &scene.nodes[number])));
    judged.filter(|(_, outcome)| *outcome != Outcome::Pass).collect()
}

/// What is not passed on the first node once `change` has been made to it: one check, whether it fails, and its words.
fn after(site: &Site, change: impl FnOnce(&mut Scene<'_>)) -> (&'static str, bool, String) {
    let mut scene = scene(site);
    change(&mut scene);
    let mut found = found(&scene, 0);
    assert_eq!(found.len(), 1, "{found:?}");
    match found.remove(0) {
        (id, Outcome::Fail(text)) => (id, true, text),
        (id, Outcome::Warn(text)) => (id, false, text),
        (_, Outcome::Pass) => unreachable!(),
    }
}

/// The same with a change to what the first node says.
fn with(change: impl FnOnce(&mut Facts)) -> (&'static str, bool, String) {
    after(&site(""), |scene| change(&mut scene.nodes[0].facts))
}

fn assert_found((id, fails, text): (&'static str, bool, String), expected: (&str, bool, &str)) {
    assert_eq!((id, fails), (expected.0, expected.1), "{text}");
    assert!(text.contains(expected.2), "{id}: {text}");
}

#[test]
fn a_good_node_passes_everything() {
    let site = site("");
    let scene = scene(&site);
    for number in 0..site.nodes.len() {
        assert_eq!(found(&scene, number), []);
    }
}

#[test]
fn ids_are_unique_and_strict_ones_have_no_way_around() {
    let ids: BTreeSet<_> = all().map(|check| check.id).collect();
    assert_eq!(ids.len(), all().count());
    let kebab = |id: &str| id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    assert!(ids.iter().all(|id| kebab(id)));
    assert_eq!(reachable().id, "node-reachable");
    for check in all().filter(|check| check.strict) {
        assert!(matches!(format!("{}=x", check.id).parse::<Waiver>(), Err(WaiverError::Strict(..))), "{}", check.id);
    }
}

#[test]
fn who_a_node_is() {
    let misnamed = with(|f| {
        f.identity.hostname = Some("A_b".into());
        f.identity.resolves.insert("A_b".into(), "127.0.1.1".parse().ok());
    });
    assert_found(misnamed, ("hostname-valid", true, "A_b"));
    let twin = |change: fn(&mut Facts)| {
        after(&site(""), |scene| scene.nodes[..2].iter_mut().for_each(|n| change(&mut n.facts)))
    };
    assert_found(twin(|f| f.identity.machine_id = Some("x".into())), ("machine-id-unique", true, "x, as on s2"));
    assert_found(twin(|f| f.identity.product_uuid = Some("x".into())), ("product-uuid-unique", true, "s2"));
    assert_found(twin(|f| f.network.links[0].mac = "x".into()), ("mac-unique", true, "s2"));
    let renamed = after(&site(""), |scene| {
        scene.nodes[1].facts.identity.hostname = Some("s1".into());
    });
    assert_found(renamed, ("hostname-unique", true, "s1, as on s2"));
    assert_found(
        with(|f| {
            f.identity.resolves.insert("localhost".into(), None);
        }),
        ("localhost-resolves", true, "no address"),
    );
    assert_found(
        with(|f| {
            f.identity.resolves.insert("s1".into(), None);
        }),
        ("hostname-resolves", false, "`s1`"),
    );
    let moved = after(&site(""), |scene| scene.nodes[0].facts.network.addresses[0].1 = "10.0.7.98/24".parse().unwrap());
    assert_found(moved, ("address-present", true, "10.0.7.11 is not among 10.0.7.98"));
}

#[test]
fn what_a_node_is_made_of() {
    assert_found(with(|f| f.identity.os = Some("slackware".into())), ("operating-system", false, "slackware"));
    assert_found(with(|f| f.machine.architecture = Some("riscv64".into())), ("architecture", true, "riscv64"));
    assert_found(
        with(|f| {
            f.machine.cpu_flags.remove("sse4_2");
        }),
        ("cpu-level", false, "no sse4_2"),
    );
    assert_found(with(|f| f.machine.cpus = Some(1)), ("cpu-count", true, "1 of 2"));
    assert_found(with(|f| f.machine.memory = Some(2 << 30)), ("memory", true, "2"));
    assert_found(with(|f| f.machine.memory = None), ("memory", false, "could not be found out"));
    assert_found(with(|f| f.machine.swaps = Some(vec!["/swap.img".into()])), ("swap-off", true, "/swap.img"));
    assert_found(
        with(|f| {
            f.machine.tools.remove("tar");
        }),
        ("tools-present", true, "no tar"),
    );
    assert_found(
        with(|f| {
            f.machine.tools.remove("curl");
        }),
        ("download-tool", false, "neither"),
    );
}

#[test]
fn what_a_kernel_can_do() {
    let module = |name: &'static str, state| {
        with(move |f| {
            f.kernel.modules.insert(name.into(), state);
        })
    };
    assert_found(module("br_netfilter", Module::Loadable), ("kernel-modules", false, "br_netfilter not loaded"));
    assert_found(module("br_netfilter", Module::Missing), ("kernel-modules", true, "br_netfilter missing"));
    assert_found(module("vxlan", Module::Missing), ("cni-modules", true, "vxlan"));
    let wireguard = site("  cni: {name: cilium, encryption: wireguard}\n");
    let missing = |scene: &mut Scene<'_>| {
        scene.nodes[0].facts.kernel.modules.insert("wireguard".into(), Module::Missing);
    };
    assert_found(after(&wireguard, missing), ("cni-modules", true, "wireguard"));
    let old = |scene: &mut Scene<'_>| scene.nodes[0].facts.kernel.release = Some("4.18.0-553.el8".into());
    assert_found(after(&wireguard, old), ("kernel-version", true, "4.18"));
    assert_found(after(&site(""), old), ("kernel-version", false, "4.18"));
    let strict = |scene: &mut Scene<'_>| {
        scene.nodes[0].facts.kernel.sysctls.insert("net.ipv4.conf.all.rp_filter".into(), "1".into());
    };
    assert_found(after(&wireguard, strict), ("reverse-path", false, "rp_filter"));
    let low = with(|f| {
        f.kernel.sysctls.insert("fs.inotify.max_user_instances".into(), "128".into());
    });
    assert_found(low, ("sysctls", false, "max_user_instances = 128"));
    assert_found(with(|f| f.kernel.cgroup = Some(1)), ("control-groups", false, "version 1"));
    assert_found(
        with(|f| {
            f.kernel.controllers.remove("memory");
        }),
        ("control-groups", true, "no memory"),
    );
    assert_found(with(|f| f.kernel.apparmor = Some(true)), ("apparmor", true, "apparmor_parser"));
    assert_found(with(|f| f.kernel.selinux_enforcing = Some(true)), ("selinux", false, "enforces"));
    assert_found(with(|f| f.kernel.root_shared = Some(false)), ("mounts-shared", false, "private"));
}

#[test]
fn what_disks_hold() {
    let data = |change: fn(&mut facts::Folder)| with(move |f| change(f.folders[0].as_mut().unwrap()));
    assert_found(
        data(|d| {
            d.size = 40 << 30;
            d.free = 39 << 30;
        }),
        ("disk-free", true, "39"),
    );
    assert_found(
        data(|d| {
            d.size = 1 << 40;
            d.free = 190 << 30;
        }),
        ("disk-used", false, "82 % of /"),
    );
    assert_found(
        data(|d| {
            d.size = 1 << 40;
            d.free = 100 << 30;
        }),
        ("disk-used", true, "91 % of /"),
    );
    assert_found(data(|d| d.inodes = Some((1000, 50))), ("disk-inodes", true, "50 of 1000"));
    assert_found(
        data(|d| {
            d.options.insert("noexec".into());
        }),
        ("disk-mount-options", true, "noexec on /"),
    );
    assert_found(data(|d| d.file_system = "nfs4".into()), ("disk-file-system", true, "nfs4"));
    assert_found(data(|d| d.file_system = "bcachefs".into()), ("disk-file-system", false, "bcachefs"));
    assert_found(data(|d| d.link = true), ("disk-no-link", false, "link"));
    assert_found(with(|f| f.folders[2].as_mut().unwrap().free = 1 << 20), ("disk-programs", true, "1"));
    let own = |scene: &mut Scene<'_>| {
        scene.distribution = Some(&Rke2);
        scene.nodes[0].facts.folders[2].as_mut().unwrap().mounted_at = "/usr/local".into();
    };
    assert_found(after(&site(""), own), ("disk-programs", true, "a file system of its own"));
    let created = Timestamp::UNIX_EPOCH;
    let large = |scene: &mut Scene<'_>| scene.bundle = Some(Carried { created, size: 41 << 30 });
    assert_found(after(&site(""), large), ("disk-free-bundle", true, "82"));
    let slow = |tail: u64| {
        move |scene: &mut Scene<'_>| {
            scene.nodes[0].fsyncs[98] = Duration::from_millis(tail);
            scene.nodes[0].fsyncs[99] = Duration::from_millis(tail);
        }
    };
    assert_found(after(&site(""), slow(30)), ("etcd-fsync", false, "30.0 ms"));
    assert_found(after(&site(""), slow(300)), ("etcd-fsync", true, "300.0 ms"));
    assert_found(after(&site(""), |scene| scene.nodes[0].fsyncs.clear()), ("etcd-fsync", false, "could not"));
}

#[test]
fn what_time_it_is() {
    assert_found(with(|f| f.synchronised = Some(false)), ("clock-synchronised", false, "no other"));
    let all_off = |by: i64| {
        after(&site(""), move |scene| {
            for seen in &mut scene.nodes {
                seen.clock.as_mut().unwrap().node += by;
            }
        })
    };
    assert_found(all_off(-7_000), ("clock-jump-host", true, "7.0 s behind the jump host"));
    assert_found(all_off(1_000), ("clock-jump-host", false, "1.0 s ahead of the jump host"));
    let other = after(&site(""), |scene| scene.nodes[2].clock.as_mut().unwrap().node += 9_000);
    assert_found(other, ("clock-nodes", true, "9.0 s behind s3"));
    let before = after(&site(""), |scene| {
        scene.bundle = Some(Carried { created: Timestamp::from_second(1000).unwrap(), size: 1 });
    });
    assert_found(before, ("clock-bundle", true, "1970-01-01T00:16:40Z"));
}

#[test]
fn how_a_node_is_connected() {
    assert_found(
        with(|f| {
            f.network.routes.remove(0);
        }),
        ("default-route", false, "no default route: an installation makes one"),
    );
    let meets =
        with(|f| f.network.routes.push(facts::Route { to: "10.42.3.0/24".parse().unwrap(), device: "eth1".into() }));
    assert_found(meets, ("networks-free", true, "10.42.0.0/16 meets 10.42.3.0/24 (eth1)"));
    let own = facts::Route { to: "10.42.3.0/24".parse().unwrap(), device: "flannel.1".into() };
    let site = site("");
    let mut cluster = scene(&site);
    cluster.nodes[0].facts.network.routes.push(own);
    assert_eq!(found(&cluster, 0), []);
    let links = |scene: &mut Scene<'_>| {
        scene.nodes[1].facts.network.links[0] = Link { name: "eth0".into(), mac: "x".into(), mtu: 9000, device: true }
    };
    assert_found(after(&site, links), ("mtu-equal", false, "1500, and 9000 on s2"));
    assert_found(with(|f| f.network.nameservers = Some(vec![])), ("nameservers", false, "none"));
    let stub = |f: &mut Facts| f.network.nameservers = Some(vec!["127.0.0.53".parse().unwrap()]);
    assert_found(with(stub), ("nameservers", false, "only 127.0.0.53"));
    let proxies = |f: &mut Facts| {
        f.network.proxies =
            vec![("/etc/apt/apt.conf".into(), "apt".into()), ("/etc/environment".into(), "http_proxy".into())];
    };
    assert_found(with(proxies), ("proxies", false, "http_proxy in /etc/environment"));
    assert_found(with(|f| f.network.firewalls = vec!["ufw".into()]), ("firewall", true, "ufw"));
    assert_found(with(|f| f.network.firewalls = vec!["nftables".into()]), ("firewall", false, "nftables"));
    assert_found(with(|f| unit(f, "firewalld.service", "inactive", "enabled")), ("firewall", true, "firewalld"));
    assert_found(with(|f| unit(f, "NetworkManager.service", "active", "enabled")), ("network-manager", false, "every"));
    assert_found(with(|f| unit(f, "nm-cloud-setup.timer", "active", "")), ("nm-cloud-setup", true, "timer"));
    assert_found(
        with(|f| f.machine.iptables = Some("iptables v1.8.4 (nf_tables)".into())),
        ("iptables-version", false, "1.8.4"),
    );
}

fn unit(facts: &mut Facts, name: &str, active: &str, file: &str) {
    facts.units.insert(name.to_owned(), Unit { active: active.into(), file: file.into() });
}

#[test]
fn what_is_served_and_reached() {
    let listening = |protocol, port| {
        move |f: &mut Facts| {
            f.sockets.as_mut().unwrap().push(Socket { protocol, port, process: Some("haproxy".into()) });
        }
    };
    assert_found(with(listening(Protocol::Tcp, 6443)), ("ports-free", true, "6443/tcp by haproxy"));
    assert_found(with(listening(Protocol::Udp, 8472)), ("ports-free", true, "8472/udp"));
    assert_found(with(listening(Protocol::Tcp, 30080)), ("node-ports-free", false, "30080"));
    let met = |port, reached| {
        after(&site(""), move |scene| {
            let flows = scene.nodes[0].flows.iter_mut().filter(|flow| flow.target.port == port);
            flows.for_each(|flow| flow.reached = reached);
        })
    };
    assert_found(met(2380, Reached::Blocked), ("ports-reachable", true, "2380/tcp of s2, 2380/tcp of s3"));
    assert_found(met(8472, Reached::Silent), ("ports-reachable-udp", false, "no answer from 8472/udp of s2"));
    assert_found(met(8472, Reached::Blocked), ("ports-reachable-udp", true, "8472/udp of a1"));
    assert_found(met(5000, Reached::Blocked), ("jump-host-reachable", true, "10.0.7.2:5000"));
    let site = site("");
    let agent = targets(None, &site, &site.nodes[3]);
    assert!(agent.iter().all(|target| target.port != 2379), "agents do not speak to etcd: {agent:?}");
    let to_agent = targets(None, &site, &site.nodes[0]).into_iter().filter(|target| target.host == "10.0.7.21");
    assert_eq!(to_agent.map(|target| target.port).collect::<Vec<_>>(), [10250, 8472]);
    let sharing = self::site("  embeddedRegistry: true\n");
    let to_agent = targets(None, &sharing, &sharing.nodes[0]).into_iter().filter(|target| target.host == "10.0.7.21");
    assert_eq!(to_agent.map(|target| target.port).collect::<Vec<_>>(), [6443, 9345, 5001, 10250, 8472]);
}

#[test]
fn what_is_there_already() {
    assert_found(with(|f| unit(f, "k3s.service", "active", "enabled")), ("other-cluster", true, "k3s.service"));
    assert_found(
        with(|f| f.installed.push(("/usr/local/bin/k3s".into(), "k3s v1.30".into()))),
        ("other-distribution", true, "k3s v1.30"),
    );
    assert_found(with(|f| f.leftovers.push("/var/lib/rancher".into())), ("leftovers", true, "/var/lib/rancher"));
    assert_found(with(|f| f.leftovers.push("/run/docker.sock".into())), ("container-engines", false, "docker"));
    let longhorn = {
        let mut longhorn = site("");
        let values = manifests::site::ComponentValues {
            variant: None,
            values: Default::default(),
            secrets: Default::default(),
            location: longhorn.location.clone(),
        };
        longhorn.components.insert("longhorn".parse().unwrap(), values);
        longhorn
    };
    let ready = |f: &mut Facts| {
        f.machine.tools.extend(["iscsiadm", "mount.nfs", "cryptsetup"].map(str::to_owned));
        unit(f, "iscsid.service", "active", "enabled");
    };
    let multipath = after(&longhorn, |scene| {
        ready(&mut scene.nodes[0].facts);
        unit(&mut scene.nodes[0].facts, "multipathd.service", "active", "enabled");
    });
    assert_found(multipath, ("multipathd", false, "multipathd"));
    assert_found(after(&longhorn, |_| {}), ("storage-tools", true, "open-iscsi"));
    let module = after(&longhorn, |scene| {
        ready(&mut scene.nodes[0].facts);
        scene.nodes[0].facts.kernel.modules.insert("iscsi_tcp".into(), Module::Missing);
    });
    assert_found(module, ("storage-modules", false, "iscsi_tcp"));
}

/// A node that another site, or this one, has begun with: its programs are laid out and run, and it is half full.
fn installed(scene: &mut Scene<'_>) {
    let seen = &mut scene.nodes[0];
    let facts = &mut seen.facts;
    facts.claim = Claim::parse("plant", &manifests::Digest::of(b"a cluster").to_string());
    unit(facts, "rke2-server.service", "active", "enabled");
    facts.leftovers.push("/var/lib/rancher".into());
    facts.installed.push(("/usr/local/bin/rke2".into(), "rke2 version v1.30.6+rke2r1".into()));
    let listens = |port, name: &str| Socket { protocol: Protocol::Tcp, port, process: Some(name.into()) };
    facts.sockets.as_mut().unwrap().extend([listens(9345, "rke2"), listens(6443, "kube-apiserver")]);
    facts.network.routes.push(facts::Route { to: "10.42.3.0/24".parse().unwrap(), device: "eth0".into() });
    (facts.folders[0].as_mut().unwrap().size, facts.folders[0].as_mut().unwrap().free) = (40 << 30, 20 << 30);
    seen.fsyncs = vec![Duration::from_millis(2); 100];
}

#[test]
fn what_this_site_has_begun_with_is_as_it_has_to_be_and_what_another_has_is_not() {
    let site = site("");
    let mut own = scene(&site);
    installed(&mut own);
    let others: Vec<_> = found(&own, 0).into_iter().map(|(id, _)| id).collect();
    let all = ["disk-free", "networks-free", "ports-free", "other-cluster", "other-distribution", "leftovers"];
    assert_eq!(others, all);
    own.nodes[0].ours = true;
    assert_eq!(found(&own, 0), []);
    own.distribution = Some(&Rke2);
    assert_eq!(found(&own, 0), []);
    // What is not of this site's cluster is in the way on its own nodes too.
    let facts = &mut own.nodes[0].facts;
    unit(facts, "k3s.service", "active", "enabled");
    facts.installed.push(("/usr/local/bin/k3s".into(), "k3s version v1.30.6+k3s1".into()));
    facts.sockets.as_mut().unwrap()[1].process = Some("haproxy".into());
    let in_the_way: Vec<_> = found(&own, 0).into_iter().map(|(id, _)| id).collect();
    assert_eq!(in_the_way, ["ports-free", "other-cluster", "other-distribution"]);
}

#[test]
fn each_distribution_has_its_own_ports_and_folders() {
    let site = site("");
    let listening = |distribution: &'static dyn Distribution, port| {
        let mut scene = scene(&site);
        scene.distribution = Some(distribution);
        let process = Some("haproxy".into());
        let sockets = scene.nodes[0].facts.sockets.as_mut().unwrap();
        sockets.push(Socket { protocol: Protocol::Tcp, port, process });
        found(&scene, 0).iter().any(|(id, _)| *id == "ports-free")
    };
    // Joining, and Canal's agent. Three servers of k3s keep their state in etcd.
    assert_eq!([9345, 9099, 2379, 6443].map(|port| listening(&Rke2, port)), [true; 4]);
    assert_eq!([9345, 9099, 2379, 6443].map(|port| listening(&K3s, port)), [false, false, true, true]);
    let ports = |distribution: &'static dyn Distribution| {
        let to_second = targets(Some(distribution), &site, &site.nodes[3]).into_iter();
        to_second.filter(|target| target.host == "10.0.7.12").map(|target| target.port).collect::<Vec<_>>()
    };
    assert_eq!(ports(&Rke2), [6443, 9345, 10250, 8472]);
    assert_eq!(ports(&K3s), [6443, 10250, 8472]);
    let data = |distribution: Option<&'static dyn Distribution>| {
        folders(distribution, &site.nodes[0])[0].display().to_string()
    };
    assert_eq!(data(None), "/var/lib/rancher/rke2");
    assert_eq!(data(Some(&K3s)), "/var/lib/rancher/k3s");
}

#[test]
fn what_packages_do() {
    assert_found(with(|f| f.packages.unfinished = Some(vec!["half".into()])), ("dpkg-finished", true, "half"));
    assert_found(with(|f| f.packages.locked_by = Some("apt-get".into())), ("dpkg-unlocked", false, "apt-get holds"));
    assert_found(with(|f| f.packages.held.push("linux-generic".into())), ("packages-held", false, "linux-generic"));
    assert_found(
        with(|f| unit(f, "unattended-upgrades.service", "active", "enabled")),
        ("unattended-upgrades", false, "runs"),
    );
    assert_found(with(|f| f.packages.reboot_required = Some(true)), ("reboot-required", false, "reboot"));
}

#[test]
fn what_is_not_known_is_never_a_failure() {
    let site = site("");
    let mut scene = scene(&site);
    for seen in &mut scene.nodes {
        (seen.facts, seen.clock) = (Facts::default(), None);
        (seen.fsyncs, seen.flows) = (Vec::new(), Vec::new());
    }
    // But a program that is not there is not there.
    let failed = found(&scene, 0).into_iter().filter(|(_, outcome)| matches!(outcome, Outcome::Fail(_)));
    let failed: Vec<_> = failed.map(|(id, _)| id).collect();
    assert_eq!(failed, ["tools-present"]);
}

#[test]
fn the_documentation_lists_every_check() {
    let mut table = String::from("| id | looks at | what helps | |\n|---|---|---|---|\n");
    for check in all() {
        let notes = [check.strict.then_some("strict"), check.fix.map(|_| "`--fix`")];
        let notes: Vec<_> = notes.into_iter().flatten().collect();
        let (about, remedy) = (check.about.replace('|', "\\|"), check.remedy.replace('|', "\\|"));
        table.push_str(&format!("| `{}` | {about} | {remedy} | {} |\n", check.id, notes.join(", ")));
    }
    let page = include_str!("../../../docs/preflight.md");
    assert!(page.contains(&table), "docs/preflight.md has to hold this table:\n{table}");
}
