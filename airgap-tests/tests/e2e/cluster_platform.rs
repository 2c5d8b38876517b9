//! A platform that is used: an ingress, a database, a cache, monitoring, a git server and a name server, installed from images of
//! packaged software into a cluster behind the gap, and every one of them asked for what it is there for.
//!
//! The charts in `cluster_platform/components` stand in for those of upstream, whose images can't be had here. What is shipped and
//! needs no foreign image is installed as it is shipped.

mod git;
mod ground;
mod parts;
mod shipped;

use std::time::Duration;

use airgap_tests::{Machine, Outcome};
use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::cluster::{self, Ground};

/// How long something may take to become what it shall be.
const PATIENCE: Duration = Duration::from_secs(180);
/// Our own components, in their order.
const OWN: [&str; 7] = ["volumes", "ingress", "database", "cache", "monitoring", "git-server", "workbench"];
/// Those that are shipped. The last one closes a namespace that has to be there.
const SHIPPED: [&str; 5] = ["bind9", "pod-security", "tenant-quotas", "vet-clinic", "network-policy-baseline"];
/// What is carried and not deployed: an image of ours, and the shipped policy, which the site gives to the API server.
const CARRIED: [&str; 2] = ["applications", "audit-policy"];
/// By which port of every node the ingress is reached.
const INGRESS_PORT: &str = "30443";
/// Names that the ingress knows, and one that it does not.
const CLINIC: &str = "clinic.apps.site.internal";
const PROMETHEUS: &str = "prometheus.apps.site.internal";
const NOBODY: &str = "nobody.apps.site.internal";
/// The one that has a certificate of its own.
const GIT: &str = "git.site.internal";
/// The zone of the name server.
const ZONE: &str = "zone.site.internal";

/// The cluster with the platform in it.
struct Platform {
    ground: Ground,
    /// A machine behind the gap that is none of the cluster.
    client: Machine,
    /// The commit that the carried repository is at.
    commit: String,
}

impl Platform {
    /// Runs a command in the pod that people work in.
    fn in_pod(&self, words: &[&str]) -> Outcome {
        self.ground.kubectl(&[&["-n", "workbench", "exec", "deployment/workbench", "--"], words].concat())
    }

    /// What an address inside the cluster answers to a pod, as JSON.
    fn inside(&self, url: &str) -> Result<Value> {
        let said = self.in_pod(&["curl", "-sSf", "--max-time", "10", url]).success()?.stdout;
        serde_json::from_str(&said).context("the answer is no JSON")
    }

    /// What curl says behind the gap when it asks the ingress for a host, whose certificate has to be the one given.
    fn ask(&self, (host, certificate): (&str, &str), path: &str, options: &[&str]) -> Outcome {
        let url = format!("https://{host}:{INGRESS_PORT}{path}");
        let words = ["-sS", "--max-time", "10", "--cacert", certificate, &url];
        airgap_tests::run(&mut self.client.command("curl", &[&words, options].concat()).unwrap()).unwrap()
    }
}

/// Asks until there is an answer that will do.
fn until<T>(what: &str, ask: impl Fn() -> Result<T>) -> T {
    cluster::until(PATIENCE, || ask().with_context(|| what.to_owned()))
}

#[test]
fn a_platform_of_packaged_software_is_installed_and_does_what_it_is_there_for() {
    let platform = Platform::install();
    platform.database_keeps_what_it_is_told();
    platform.cache_answers_to_whom_it_knows();
    platform.ingress_leads_by_host_and_shows_certificates_of_secrets();
    platform.monitoring_sees_all_and_its_alert_arrives();
    platform.a_carried_repository_is_cloned_in_a_pod_and_goes_to_the_clusters_own_server();
    platform.shipped_components_do_what_they_say();
    platform.all_of_it_came_from_the_bundle();
}
