//! Inspections of scripted machines.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use manifests::yaml::SourceFile;
use tokio::sync::Barrier;

use super::*;
use crate::checks::Fix;
use crate::host::{Command, Exit, Output};

/// How many machines are asked at once, and how many ever were.
#[derive(Debug, Default)]
struct Running(AtomicUsize, AtomicUsize);

/// A machine that says what a good one says, 20 ms later.
#[derive(Debug)]
struct Scripted {
    name: String,
    running: Arc<Running>,
    /// Nobody's first answer comes before all have been asked.
    together: Option<Arc<Barrier>>,
    asked: AtomicUsize,
    answering: AtomicUsize,
    dead: bool,
}

impl Host for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn run<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Output, HostError>> {
        async move {
            let Running(now, most) = &*self.running;
            // A machine may be asked two things at once.
            if self.answering.fetch_add(1, Ordering::SeqCst) == 0 {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            }
            if let Some(all) = self.together.as_ref().filter(|_| self.asked.fetch_add(1, Ordering::SeqCst) == 0) {
                all.wait().await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.answering.fetch_sub(1, Ordering::SeqCst) == 1 {
                now.fetch_sub(1, Ordering::SeqCst);
            }
            if self.dead {
                return Err(HostError::Lost { host: self.name.clone(), what: command.what.clone() });
            }
            let stdout = match command.what.as_str() {
                "tell what it is" if self.name == "n3" => {
                    let claim = Claim::new(&site(3), "a token");
                    let said = crate::checks::tests::good(&self.name, "10.0.7.3");
                    format!("claim\t{}\t{}\n{said}", claim.site, claim.cluster)
                }
                "tell what it is" => crate::checks::tests::good(&self.name, "10.0.7.1"),
                "read its clock" => "1000\n".to_owned(),
                "time its disk" => "0.001\n".repeat(100),
                _ => String::new(),
            };
            Ok(Output { exit: Exit::Code(0), stdout: stdout.into_bytes(), stderr: Vec::new(), cut: false })
        }
        .boxed()
    }
}

fn site(nodes: usize) -> Site {
    let node =
        |n| format!("  - {{name: n{n}, address: 10.0.7.{n}, role: {}}}\n", if n == 1 { "server" } else { "agent" });
    let nodes: String = (1..=nodes).map(node).collect();
    let text = format!(
        "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {{name: platform, versions: \"*\"}}\n\
         jumpHost: {{address: 10.0.8.2}}\nssh: {{user: root}}\nnodes:\n{nodes}"
    );
    Site::parse(&SourceFile::new("site.yaml".to_owned(), &text)).map_err(|problems| format!("{problems:?}")).unwrap()
}

fn hosts(site: &Site, together: Option<&Arc<Barrier>>, dead: &[&str]) -> (Hosts, Arc<Running>) {
    let running = Arc::new(Running::default());
    let host = |node: &Node| {
        let (name, running) = (node.name.to_string(), Arc::clone(&running));
        let dead = dead.contains(&name.as_str());
        let (together, asked, answering) = (together.cloned(), AtomicUsize::new(0), AtomicUsize::new(0));
        let host: Arc<dyn Host> = Arc::new(Scripted { name, running, together, asked, answering, dead });
        (node.name.clone(), host)
    };
    (site.nodes.iter().map(host).collect(), running)
}

fn circumstances(parallel: usize) -> Circumstances<'static> {
    let now = &|| Timestamp::from_millisecond(1000).unwrap();
    Circumstances { bundle: None, distribution: None, claim: None, parallel, now }
}

#[tokio::test]
async fn nodes_are_looked_at_at_once_and_no_more_than_may_be() {
    let site = site(20);
    let (together, running) = hosts(&site, Some(&Arc::new(Barrier::new(20))), &[]);
    let inspection = inspect(&site, &together, &circumstances(20)).await;
    assert_eq!(inspection.scene.nodes.len(), 20);
    assert_eq!(running.1.load(Ordering::SeqCst), 20);
    let (few, running) = hosts(&site, Some(&Arc::new(Barrier::new(5))), &[]);
    let inspection = inspect(&site, &few, &circumstances(5)).await;
    assert_eq!(inspection.scene.nodes.len(), 20);
    assert_eq!(running.1.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_node_that_does_not_answer_fails_by_itself() {
    let site = site(3);
    let (mut hosts, _) = hosts(&site, None, &["n2"]);
    hosts.remove(&site.nodes[2].name);
    let report = inspect(&site, &hosts, &circumstances(3)).await.judge(&Waivers::default());
    assert!(!report.ready);
    let failed: Vec<_> = report.with(Status::Fail).map(|(node, result)| (node, result.check)).collect();
    assert!(failed.contains(&("n2", "node-reachable")) && failed.contains(&("n3", "node-reachable")), "{failed:?}");
    assert_eq!(report.nodes[1].results.len(), 1);
    assert!(report.to_string().contains("the connection to n2 was lost"), "{report}");
}

#[tokio::test]
async fn a_node_is_ours_by_the_cluster_that_stands_on_it_and_not_by_the_name_of_its_site() {
    let site = site(3);
    let (hosts, _) = hosts(&site, None, &[]);
    let ours = Claim::new(&site, "a token");
    let look = async |claim: Option<&Claim>| {
        let circumstances = Circumstances { claim: claim.cloned(), ..circumstances(3) };
        let mut inspection = inspect(&site, &hosts, &circumstances).await;
        inspection.scene.nodes.retain(|seen| seen.node.name.as_str() == "n3");
        (inspection.scene.nodes[0].ours, inspection.judge(&Waivers::default()).failed().contains("other-cluster"))
    };
    // The third machine says that it is of this cluster.
    assert_eq!(look(Some(&ours)).await, (true, false));
    assert_eq!(look(Some(&Claim::new(&site, "another token"))).await, (false, true));
    assert_eq!(look(None).await, (false, true));
}

#[tokio::test]
async fn a_report_groups_by_check_and_keeps_the_reasons_of_what_is_ignored() {
    let site = site(2);
    let (hosts, _) = hosts(&site, None, &[]);
    let mut inspection = inspect(&site, &hosts, &circumstances(2)).await;
    for seen in &mut inspection.scene.nodes {
        seen.facts.machine.swaps = Some(vec!["/swap.img".to_owned()]);
        seen.facts.machine.cpus = Some(1);
        seen.facts.network.addresses[0].1 = format!("{}/24", seen.node.address).parse().unwrap();
        seen.facts.kernel.sysctls.insert("net.ipv4.ip_forward".into(), "0".into());
    }
    let waivers = ["cpu-count=a test", "packages-held=nothing"].map(|text| text.parse().unwrap()).into_iter().collect();
    let report = inspection.judge(&waivers);
    let text = report.to_string();
    assert!(text.contains("FAIL") && text.contains("swap-off") && text.contains("n1, n2"), "{text}");
    assert!(text.contains("ignored: cpu-count: a test") && !text.contains("packages-held"), "{text}");
    assert!(
        text.contains("swap-off: run `swapoff -a` and take the swap out of `/etc/fstab` (--fix does it)"),
        "{text}"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["schemaVersion"], &json["ready"]), (&1.into(), &false.into()));
    let of_first = json["nodes"][0]["results"].as_array().unwrap();
    let ignored = of_first.iter().find(|result| result["check"] == "cpu-count").unwrap();
    assert_eq!((&ignored["status"], &ignored["reason"]), (&"ignored".into(), &"a test".into()));
    let remedies = inspection.remedies(&waivers);
    let fixes = |number: usize| remedies[number].1.iter().map(|remedy| remedy.fix).collect::<Vec<_>>();
    assert_eq!((fixes(0), fixes(1)), (vec![Fix::Swap, Fix::Sysctls], vec![Fix::Swap, Fix::Sysctls]));
    assert_eq!(remedies[0].1[1].arguments, ["net.ipv4.ip_forward=1"]);
}
